//! Tokens to statements.

use super::{
    ast::{Expr, For, Macro, Node, Statement, Target},
    error::JinjaError,
    lexer::{Token, TokenKind, tokens},
};
use std::{collections::BTreeSet, sync::Arc};

/// How deep statements and expressions may nest.
const DEPTH: usize = 60;

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    pub(super) depth: usize,
    /// Names that are read anywhere.
    pub(super) names: BTreeSet<String>,
}

/// The statements of a template, and the names that it reads.
pub(super) fn parse(source: &str) -> Result<(Vec<Node>, BTreeSet<String>), JinjaError> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        at: 0,
        depth: 0,
        names: BTreeSet::new(),
    };
    let (nodes, _) = parser.statements(&[])?;
    Ok((nodes, parser.names))
}

/// Tags that Jinja2 has and this parser has not.
const UNSUPPORTED: [&str; 6] = [
    "extends",
    "block",
    "include",
    "import",
    "from",
    "autoescape",
];

impl Parser {
    pub(super) fn line(&self) -> usize {
        self.tokens[self.at].line
    }

    pub(super) fn peek(&self) -> &TokenKind {
        &self.tokens[self.at].kind
    }

    pub(super) fn peek_second(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at + 1).map(|token| &token.kind)
    }

    pub(super) fn next(&mut self) -> TokenKind {
        let kind = self.peek().clone();
        // The end stays.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        kind
    }

    pub(super) fn is_operator(&self, operator: &str) -> bool {
        matches!(self.peek(), TokenKind::Operator(found) if *found == operator)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), TokenKind::Name(found) if found == name)
    }

    pub(super) fn skip_operator(&mut self, operator: &str) -> bool {
        let found = self.is_operator(operator);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn error(&self, message: impl Into<String>) -> JinjaError {
        JinjaError::syntax(self.line(), message)
    }

    pub(super) fn unexpected(&self, wanted: &str) -> JinjaError {
        let found = match self.peek() {
            TokenKind::Data(_) => "text".to_owned(),
            TokenKind::OutputBegin => "'{{'".to_owned(),
            TokenKind::OutputEnd => "'}}'".to_owned(),
            TokenKind::BlockBegin => "'{%'".to_owned(),
            TokenKind::BlockEnd => "'%}'".to_owned(),
            TokenKind::Name(name) => format!("'{name}'"),
            TokenKind::Text(text) => format!("'{text}'"),
            TokenKind::Int(number) => number.to_string(),
            TokenKind::Float(number) => number.to_string(),
            TokenKind::Operator(operator) => format!("'{operator}'"),
            TokenKind::End => "the end of the template".to_owned(),
        };
        self.error(format!("expected {wanted}, got {found}"))
    }

    pub(super) fn expect_operator(&mut self, operator: &str) -> Result<(), JinjaError> {
        if self.skip_operator(operator) {
            return Ok(());
        }
        Err(self.unexpected(&format!("'{operator}'")))
    }

    pub(super) fn expect_name(&mut self) -> Result<String, JinjaError> {
        match self.peek() {
            TokenKind::Name(name) => {
                let name = name.clone();
                self.next();
                Ok(name)
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Counts one level more, so that a template cannot exhaust the stack.
    pub(super) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, JinjaError>,
    ) -> Result<T, JinjaError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("the template nests too deep"));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Statements up to a tag of `ends`, whose name is passed and returned; without `ends` up to the end.
    fn statements(&mut self, ends: &[&str]) -> Result<(Vec<Node>, String), JinjaError> {
        self.deeper(|parser| parser.statements_here(ends))
    }

    fn statements_here(&mut self, ends: &[&str]) -> Result<(Vec<Node>, String), JinjaError> {
        let mut nodes = Vec::new();
        loop {
            let line = self.line();
            let statement = match self.next() {
                TokenKind::Data(text) => Statement::Text(text),
                TokenKind::OutputBegin => {
                    let value = self.tuple(true, &[])?;
                    if *self.peek() != TokenKind::OutputEnd {
                        return Err(self.unexpected("'}}'"));
                    }
                    self.next();
                    Statement::Output(vec![value])
                }
                TokenKind::BlockBegin => {
                    let Ok(tag) = self.expect_name() else {
                        return Err(self.unexpected("the name of a tag"));
                    };
                    if ends.contains(&tag.as_str()) {
                        return Ok((nodes, tag));
                    }
                    let statement = self.statement(&tag, line)?;
                    self.block_end()?;
                    statement
                }
                TokenKind::End if ends.is_empty() => return Ok((nodes, String::new())),
                TokenKind::End => {
                    return Err(self.error(format!(
                        "Unexpected end of template; looking for {}",
                        ends.join(" or ")
                    )));
                }
                _ => return Err(self.unexpected("text or a tag")),
            };
            nodes.push(Node { line, statement });
        }
    }

    fn block_end(&mut self) -> Result<(), JinjaError> {
        if *self.peek() != TokenKind::BlockEnd {
            return Err(self.unexpected("'%}'"));
        }
        self.next();
        Ok(())
    }

    /// The end of a tag and what it encloses.
    fn body(&mut self, ends: &[&str]) -> Result<(Vec<Node>, String), JinjaError> {
        // For those used to Python.
        self.skip_operator(":");
        self.block_end()?;
        self.statements(ends)
    }

    fn statement(&mut self, tag: &str, line: usize) -> Result<Statement, JinjaError> {
        match tag {
            "if" => self.if_(),
            "for" => self.for_(line),
            "set" => self.set(),
            "with" => self.with(),
            "macro" => {
                let name = self.expect_name()?;
                Ok(Statement::Macro(Arc::new(self.macro_(name, "endmacro")?)))
            }
            "call" => self.call_block(),
            "filter" => {
                let filters = self.filters_of_block(true)?;
                let (body, _) = self.body(&["endfilter"])?;
                Ok(Statement::FilterBlock(filters, body))
            }
            "generation" => {
                let (body, _) = self.body(&["endgeneration"])?;
                Ok(Statement::Generation(body))
            }
            "print" => {
                let mut values = Vec::new();
                while *self.peek() != TokenKind::BlockEnd {
                    if !values.is_empty() {
                        self.expect_operator(",")?;
                    }
                    values.push(self.expression()?);
                }
                Ok(Statement::Output(values))
            }
            "break" => Ok(Statement::Break),
            "continue" => Ok(Statement::Continue),
            tag if UNSUPPORTED.contains(&tag) => {
                Err(JinjaError::unsupported(format!("the tag `{tag}`")).at(line))
            }
            tag => Err(JinjaError::syntax(
                line,
                format!("Encountered unknown tag '{tag}'."),
            )),
        }
    }

    fn if_(&mut self) -> Result<Statement, JinjaError> {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = self.tuple(false, &[])?;
            let (body, end) = self.body(&["elif", "else", "endif"])?;
            branches.push((condition, body));
            match end.as_str() {
                "elif" => {}
                "else" => {
                    (otherwise, _) = self.body(&["endif"])?;
                    break;
                }
                _ => break,
            }
        }
        Ok(Statement::If {
            branches,
            otherwise,
        })
    }

    fn for_(&mut self, line: usize) -> Result<Statement, JinjaError> {
        let target = self.target(&["in"], false)?;
        if !self.skip_name("in") {
            return Err(self.unexpected("'in'"));
        }
        let over = self.tuple(false, &["recursive"])?;
        let condition = if self.skip_name("if") {
            Some(self.expression()?)
        } else {
            None
        };
        let recursive = self.skip_name("recursive");
        let (body, end) = self.body(&["endfor", "else"])?;
        let otherwise = if end == "else" {
            self.body(&["endfor"])?.0
        } else {
            Vec::new()
        };
        Ok(Statement::For(Arc::new(For {
            line,
            target,
            over,
            condition,
            recursive,
            body,
            otherwise,
        })))
    }

    fn set(&mut self) -> Result<Statement, JinjaError> {
        let target = self.target(&[], true)?;
        if self.skip_operator("=") {
            return Ok(Statement::Set(target, self.tuple(true, &[])?));
        }
        let filters = self.filters_of_block(false)?;
        let (body, _) = self.body(&["endset"])?;
        Ok(Statement::SetBlock(target, filters, body))
    }

    fn with(&mut self) -> Result<Statement, JinjaError> {
        let mut values = Vec::new();
        while *self.peek() != TokenKind::BlockEnd {
            if !values.is_empty() {
                self.expect_operator(",")?;
            }
            let target = self.target(&[], false)?;
            self.expect_operator("=")?;
            values.push((target, self.expression()?));
        }
        let (body, _) = self.body(&["endwith"])?;
        Ok(Statement::With(values, body))
    }

    fn call_block(&mut self) -> Result<Statement, JinjaError> {
        let (arguments, defaults) = if self.is_operator("(") {
            self.signature()?
        } else {
            (Vec::new(), Vec::new())
        };
        let call = self.expression()?;
        if !matches!(call, Expr::Call(..)) {
            return Err(self.error("expected call"));
        }
        let caller = self.macro_body("caller".to_owned(), arguments, defaults, "endcall")?;
        Ok(Statement::CallBlock(call, Arc::new(caller)))
    }

    fn macro_(&mut self, name: String, end: &str) -> Result<Macro, JinjaError> {
        let (arguments, defaults) = self.signature()?;
        self.macro_body(name, arguments, defaults, end)
    }

    fn macro_body(
        &mut self,
        name: String,
        arguments: Vec<String>,
        defaults: Vec<Expr>,
        end: &str,
    ) -> Result<Macro, JinjaError> {
        // What the body reads decides which arguments the macro takes.
        let outside = std::mem::take(&mut self.names);
        let body = self.body(&[end]);
        let inside = std::mem::replace(&mut self.names, outside);
        let reads = |name: &str| inside.contains(name) && !arguments.iter().any(|own| own == name);
        let found = Macro {
            reads_varargs: reads("varargs"),
            reads_kwargs: reads("kwargs"),
            reads_caller: inside.contains("caller"),
            name,
            arguments,
            defaults,
            body: body?.0,
        };
        self.names.extend(inside);
        Ok(found)
    }

    /// Names of arguments, and the defaults of the last of them.
    fn signature(&mut self) -> Result<(Vec<String>, Vec<Expr>), JinjaError> {
        self.expect_operator("(")?;
        let (mut arguments, mut defaults) = (Vec::new(), Vec::new());
        while !self.is_operator(")") {
            if !arguments.is_empty() {
                self.expect_operator(",")?;
            }
            arguments.push(self.expect_name()?);
            if self.skip_operator("=") {
                defaults.push(self.expression()?);
            } else if !defaults.is_empty() {
                return Err(self.error("non-default argument follows default argument"));
            }
        }
        self.expect_operator(")")?;
        Ok((arguments, defaults))
    }

    /// What is assigned to: a name, several, or a namespace's attribute.
    fn target(&mut self, ends: &[&str], with_attribute: bool) -> Result<Target, JinjaError> {
        let mut targets = Vec::new();
        let mut is_tuple = false;
        loop {
            let ended = matches!(self.peek(), TokenKind::BlockEnd | TokenKind::OutputEnd)
                || self.is_operator(")")
                || ends.iter().any(|end| self.is_name(end));
            if ended && !targets.is_empty() {
                break;
            }
            targets.push(self.target_alone(with_attribute)?);
            if !self.skip_operator(",") {
                break;
            }
            is_tuple = true;
        }
        match targets.pop() {
            Some(only) if !is_tuple => Ok(only),
            Some(last) => {
                targets.push(last);
                Ok(Target::Tuple(targets))
            }
            None => Err(self.unexpected("a name")),
        }
    }

    fn target_alone(&mut self, with_attribute: bool) -> Result<Target, JinjaError> {
        if self.skip_operator("(") {
            let target = self.target(&[], false)?;
            self.expect_operator(")")?;
            return Ok(target);
        }
        let name = self.expect_name()?;
        if ["true", "false", "none", "True", "False", "None"].contains(&name.as_str()) {
            return Err(self.error(format!("can't assign to '{name}'")));
        }
        if with_attribute && self.skip_operator(".") {
            self.names.insert(name.clone());
            return Ok(Target::Attribute(name, self.expect_name()?));
        }
        Ok(Target::Name(name))
    }
}
