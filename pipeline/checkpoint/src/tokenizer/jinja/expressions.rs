//! Tokens to expressions, by Jinja2's order of operators.

use super::{
    ast::{Arguments, BinaryOperator, CompareOperator, Constant, Expr},
    error::JinjaError,
    lexer::TokenKind,
    parser::Parser,
};

type Parsed = Result<Expr, JinjaError>;

const COMPARISONS: [(&str, CompareOperator); 6] = [
    ("==", CompareOperator::Equal),
    ("!=", CompareOperator::Unequal),
    ("<", CompareOperator::Less),
    ("<=", CompareOperator::LessOrEqual),
    (">", CompareOperator::Greater),
    (">=", CompareOperator::GreaterOrEqual),
];
const SUMS: [(&str, BinaryOperator); 2] =
    [("+", BinaryOperator::Add), ("-", BinaryOperator::Subtract)];
const PRODUCTS: [(&str, BinaryOperator); 4] = [
    ("*", BinaryOperator::Multiply),
    ("/", BinaryOperator::Divide),
    ("//", BinaryOperator::FloorDivide),
    ("%", BinaryOperator::Remainder),
];
const POWERS: [(&str, BinaryOperator); 1] = [("**", BinaryOperator::Power)];

impl Parser {
    /// An expression, `a if b else c` included.
    pub(super) fn expression(&mut self) -> Parsed {
        self.deeper(|parser| {
            let mut value = parser.or()?;
            while parser.skip_name("if") {
                let test = Box::new(parser.or()?);
                let otherwise = if parser.skip_name("else") {
                    Some(Box::new(parser.expression()?))
                } else {
                    None
                };
                value = Expr::Conditional {
                    test,
                    then: Box::new(value),
                    otherwise,
                };
            }
            Ok(value)
        })
    }

    /// One expression, or a tuple of several. `ends` are names that end a tuple.
    pub(super) fn tuple(&mut self, with_conditional: bool, ends: &[&str]) -> Parsed {
        let mut values = Vec::new();
        let mut is_tuple = false;
        loop {
            let ended = matches!(self.peek(), TokenKind::BlockEnd | TokenKind::OutputEnd)
                || self.is_operator(")")
                || ends.iter().any(|end| self.is_name(end));
            if ended {
                break;
            }
            values.push(if with_conditional {
                self.expression()?
            } else {
                self.deeper(Self::or)?
            });
            if !self.skip_operator(",") {
                break;
            }
            is_tuple = true;
        }
        match values.pop() {
            Some(only) if !is_tuple => Ok(only),
            Some(last) => {
                values.push(last);
                Ok(Expr::Tuple(values))
            }
            None => Err(self.unexpected("an expression")),
        }
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.skip_name("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.skip_name("and") {
            left = Expr::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        if self.skip_name("not") {
            return self.deeper(|parser| Ok(Expr::Not(Box::new(parser.not()?))));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed {
        let first = self.sum()?;
        let mut others = Vec::new();
        loop {
            let sign = COMPARISONS
                .iter()
                .find(|(sign, _)| self.is_operator(sign))
                .map(|(_, comparison)| *comparison);
            let comparison = if let Some(comparison) = sign {
                self.next();
                comparison
            } else if self.skip_name("in") {
                CompareOperator::In
            } else if self.is_name("not")
                && matches!(self.peek_second(), Some(TokenKind::Name(name)) if name == "in")
            {
                self.next();
                self.next();
                CompareOperator::NotIn
            } else {
                break;
            };
            others.push((comparison, self.sum()?));
        }
        if others.is_empty() {
            return Ok(first);
        }
        Ok(Expr::Compare(Box::new(first), others))
    }

    fn binary(
        &mut self,
        operators: &[(&str, BinaryOperator)],
        operand: fn(&mut Self) -> Parsed,
    ) -> Parsed {
        let mut left = operand(self)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.is_operator(sign)) {
            self.next();
            left = Expr::Binary(*operator, Box::new(left), Box::new(operand(self)?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        self.binary(&SUMS, Self::concat)
    }

    fn concat(&mut self) -> Parsed {
        let first = self.product()?;
        if !self.is_operator("~") {
            return Ok(first);
        }
        let mut values = vec![first];
        while self.skip_operator("~") {
            values.push(self.product()?);
        }
        Ok(Expr::Concat(values))
    }

    fn product(&mut self) -> Parsed {
        self.binary(&PRODUCTS, Self::power)
    }

    fn power(&mut self) -> Parsed {
        self.binary(&POWERS, |parser| parser.unary(true))
    }

    fn unary(&mut self, with_filters: bool) -> Parsed {
        let value = if self.skip_operator("-") {
            Expr::Negative(Box::new(self.deeper(|parser| parser.unary(false))?))
        } else if self.skip_operator("+") {
            Expr::Positive(Box::new(self.deeper(|parser| parser.unary(false))?))
        } else {
            self.primary()?
        };
        let value = self.postfix(value)?;
        if with_filters {
            self.filters(value)
        } else {
            Ok(value)
        }
    }

    fn primary(&mut self) -> Parsed {
        if self.is_operator("(") {
            return self.parenthesis();
        }
        if self.is_operator("[") {
            return self.list();
        }
        if self.is_operator("{") {
            return self.dict();
        }
        let constant = match self.peek() {
            TokenKind::Name(name) => match name.as_str() {
                "true" | "True" => Constant::Bool(true),
                "false" | "False" => Constant::Bool(false),
                "none" | "None" => Constant::None,
                _ => {
                    let name = name.clone();
                    self.next();
                    self.names.insert(name.clone());
                    return Ok(Expr::Name(name));
                }
            },
            TokenKind::Text(_) => return Ok(self.text()),
            TokenKind::Int(number) => Constant::Int(*number),
            TokenKind::Float(number) => Constant::Float(*number),
            _ => return Err(self.unexpected("an expression")),
        };
        self.next();
        Ok(Expr::Constant(constant))
    }

    /// Texts that follow each other are one.
    fn text(&mut self) -> Expr {
        let mut text = String::new();
        while let TokenKind::Text(more) = self.peek() {
            text.push_str(more);
            self.next();
        }
        Expr::Constant(Constant::Text(text.into()))
    }

    fn parenthesis(&mut self) -> Parsed {
        self.expect_operator("(")?;
        if self.skip_operator(")") {
            return Ok(Expr::Tuple(Vec::new()));
        }
        let value = self.tuple(true, &[])?;
        self.expect_operator(")")?;
        Ok(value)
    }

    fn list(&mut self) -> Parsed {
        self.expect_operator("[")?;
        let mut values = Vec::new();
        while !self.skip_operator("]") {
            if !values.is_empty() {
                self.expect_operator(",")?;
                if self.skip_operator("]") {
                    break;
                }
            }
            values.push(self.expression()?);
        }
        Ok(Expr::List(values))
    }

    fn dict(&mut self) -> Parsed {
        self.expect_operator("{")?;
        let mut pairs = Vec::new();
        while !self.skip_operator("}") {
            if !pairs.is_empty() {
                self.expect_operator(",")?;
                if self.skip_operator("}") {
                    break;
                }
            }
            let key = self.expression()?;
            self.expect_operator(":")?;
            pairs.push((key, self.expression()?));
        }
        Ok(Expr::Dict(pairs))
    }

    fn postfix(&mut self, mut value: Expr) -> Parsed {
        loop {
            value = if self.skip_operator(".") {
                match self.next() {
                    TokenKind::Name(name) => Expr::Attribute(Box::new(value), name),
                    TokenKind::Int(number) => Expr::Item(
                        Box::new(value),
                        Box::new(Expr::Constant(Constant::Int(number))),
                    ),
                    _ => return Err(self.error("expected name or number")),
                }
            } else if self.skip_operator("[") {
                self.subscript(value)?
            } else if self.is_operator("(") {
                Expr::Call(Box::new(value), self.arguments()?)
            } else {
                return Ok(value);
            };
        }
    }

    fn subscript(&mut self, value: Expr) -> Parsed {
        let mut bounds = [None, None, None];
        let mut place = 0;
        let mut is_slice = false;
        loop {
            if self.skip_operator(":") {
                is_slice = true;
                place += 1;
                if place > 2 {
                    return Err(self.unexpected("']'"));
                }
            } else if self.skip_operator("]") {
                break;
            } else if self.is_operator(",") {
                return Err(
                    JinjaError::unsupported("a subscript of several values").at(self.line())
                );
            } else if bounds[place].is_some() {
                return Err(self.unexpected("']'"));
            } else {
                bounds[place] = Some(Box::new(self.expression()?));
            }
        }
        let value = Box::new(value);
        match bounds {
            bounds if is_slice => Ok(Expr::Slice(value, bounds)),
            [Some(index), ..] => Ok(Expr::Item(value, index)),
            _ => Err(self.error("expected subscript expression")),
        }
    }

    fn filters(&mut self, mut value: Expr) -> Parsed {
        loop {
            value = if self.skip_operator("|") {
                self.filter(value)?
            } else if self.skip_name("is") {
                self.test(value)?
            } else if self.is_operator("(") {
                Expr::Call(Box::new(value), self.arguments()?)
            } else {
                return Ok(value);
            };
        }
    }

    fn filter(&mut self, value: Expr) -> Parsed {
        let name = self.dotted()?;
        let arguments = if self.is_operator("(") {
            self.arguments()?
        } else {
            Arguments::default()
        };
        Ok(Expr::Filter(Box::new(value), name, arguments))
    }

    /// The filters of a block's text; with `inline` the first has no bar before it.
    pub(super) fn filters_of_block(&mut self, inline: bool) -> Parsed {
        let mut value = Expr::BlockText;
        if inline {
            value = self.filter(value)?;
        }
        while self.skip_operator("|") {
            value = self.filter(value)?;
        }
        Ok(value)
    }

    fn dotted(&mut self) -> Result<String, JinjaError> {
        let mut name = self.expect_name()?;
        while self.skip_operator(".") {
            name = format!("{name}.{}", self.expect_name()?);
        }
        Ok(name)
    }

    fn test(&mut self, value: Expr) -> Parsed {
        let negated = self.skip_name("not");
        let name = self.dotted()?;
        let begins_value = match self.peek() {
            TokenKind::Name(name) => !["else", "or", "and"].contains(&name.as_str()),
            TokenKind::Text(_) | TokenKind::Int(_) | TokenKind::Float(_) => true,
            TokenKind::Operator(operator) => ["[", "{"].contains(operator),
            _ => false,
        };
        let arguments = if self.is_operator("(") {
            self.arguments()?
        } else if begins_value {
            if self.is_name("is") {
                return Err(self.error("You cannot chain multiple tests with is"));
            }
            let argument = self.primary()?;
            Arguments {
                positional: vec![self.postfix(argument)?],
                ..Arguments::default()
            }
        } else {
            Arguments::default()
        };
        let test = Expr::Test(Box::new(value), name, arguments);
        Ok(if negated {
            Expr::Not(Box::new(test))
        } else {
            test
        })
    }

    fn arguments(&mut self) -> Result<Arguments, JinjaError> {
        self.deeper(Self::arguments_here)
    }

    fn arguments_here(&mut self) -> Result<Arguments, JinjaError> {
        self.expect_operator("(")?;
        let mut found = Arguments::default();
        let mut is_first = true;
        while !self.is_operator(")") {
            if !is_first {
                self.expect_operator(",")?;
                if self.is_operator(")") {
                    break;
                }
            }
            is_first = false;
            let invalid =
                |parser: &Self| Err(parser.error("invalid syntax for function call expression"));
            if self.skip_operator("*") {
                if found.spread.is_some() || found.spread_keywords.is_some() {
                    return invalid(self);
                }
                found.spread = Some(Box::new(self.expression()?));
            } else if self.skip_operator("**") {
                if found.spread_keywords.is_some() {
                    return invalid(self);
                }
                found.spread_keywords = Some(Box::new(self.expression()?));
            } else if matches!(self.peek(), TokenKind::Name(_))
                && self.peek_second() == Some(&TokenKind::Operator("="))
            {
                if found.spread_keywords.is_some() {
                    return invalid(self);
                }
                let name = self.expect_name()?;
                self.next();
                found.keyword.push((name, self.expression()?));
            } else {
                if found.spread.is_some()
                    || found.spread_keywords.is_some()
                    || !found.keyword.is_empty()
                {
                    return invalid(self);
                }
                found.positional.push(self.expression()?);
            }
        }
        self.expect_operator(")")?;
        Ok(found)
    }
}
