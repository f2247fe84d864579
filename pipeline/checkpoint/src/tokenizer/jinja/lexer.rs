//! Text to tokens, with Jinja2's rules for whitespace under `trim_blocks` and `lstrip_blocks`.

use super::error::JinjaError;

/// A token and its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// Text between tags.
    Data(String),
    OutputBegin,
    OutputEnd,
    BlockBegin,
    BlockEnd,
    Name(String),
    Text(String),
    Int(i128),
    Float(f64),
    Operator(&'static str),
    End,
}

/// The longest first.
const OPERATORS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";",
];

/// What Python's `str.isspace` and its `\s` hold for.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
    /// Whether what was read last ended a line.
    line_starts: bool,
}

/// The tokens of a template; the last one is [`TokenKind::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, JinjaError> {
    let mut source = source.replace("\r\n", "\n").replace('\r', "\n");
    // Jinja2 drops one newline at the end.
    if source.ends_with('\n') {
        source.pop();
    }
    let mut lexer = Lexer {
        source: &source,
        at: 0,
        line: 1,
        tokens: Vec::new(),
        line_starts: true,
    };
    lexer.run()?;
    Ok(lexer.tokens)
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: TokenKind) {
        let line = self.line;
        self.tokens.push(Token { line, kind });
    }

    /// Goes on by so many bytes.
    fn advance(&mut self, bytes: usize) {
        let passed = &self.source[self.at..self.at + bytes];
        self.line += passed.matches('\n').count();
        self.at += bytes;
        if bytes > 0 {
            self.line_starts = passed.ends_with('\n');
        }
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.advance(rest.len() - rest.trim_start_matches(is_space).len());
    }

    fn error(&self, message: impl Into<String>) -> JinjaError {
        JinjaError::syntax(self.line, message)
    }

    fn run(&mut self) -> Result<(), JinjaError> {
        while !self.rest().is_empty() {
            let rest = self.rest();
            let next = rest.match_indices('{').find_map(|(at, _)| {
                let mark = rest.get(at..at + 2)?;
                ["{%", "{#", "{{"].contains(&mark).then_some((at, mark))
            });
            let Some((length, mark)) = next else {
                self.push(TokenKind::Data(rest.to_owned()));
                self.advance(rest.len());
                break;
            };
            let sign = rest[length + 2..].chars().next();
            self.data(&rest[..length], sign, mark != "{{");
            self.advance(length + 2);
            if matches!(sign, Some('-' | '+')) {
                self.advance(1);
            }
            match mark {
                "{#" => self.comment()?,
                "{%" => {
                    if !self.raw()? {
                        self.push(TokenKind::BlockBegin);
                        self.inside("%}")?;
                    }
                }
                _ => {
                    self.push(TokenKind::OutputBegin);
                    self.inside("}}")?;
                }
            }
        }
        self.push(TokenKind::End);
        Ok(())
    }

    /// Text before a tag, of which the tag may take the spaces.
    fn data(&mut self, text: &str, sign: Option<char>, is_block: bool) {
        let kept = match sign {
            Some('-') => text.trim_end_matches(is_space),
            Some('+') => text,
            _ if is_block => {
                let line_begin = text.rfind('\n').map_or(0, |newline| newline + 1);
                let starts = line_begin > 0 || self.line_starts;
                if starts && text[line_begin..].chars().all(is_space) {
                    &text[..line_begin]
                } else {
                    text
                }
            }
            _ => text,
        };
        if !kept.is_empty() {
            self.push(TokenKind::Data(kept.to_owned()));
        }
    }

    /// Passes the end of a tag that is at hand, with the spaces that it takes; false if it is not there.
    fn end(&mut self, end: &str) -> bool {
        let rest = self.rest();
        if let Some(after) = rest.strip_prefix('-')
            && after.starts_with(end)
        {
            self.advance(1 + end.len());
            self.skip_space();
            return true;
        }
        if end != "}}"
            && let Some(after) = rest.strip_prefix('+')
            && after.starts_with(end)
        {
            self.advance(1 + end.len());
            return true;
        }
        if let Some(after) = rest.strip_prefix(end) {
            let newline = end != "}}" && after.starts_with('\n');
            self.advance(end.len() + usize::from(newline));
            return true;
        }
        false
    }

    fn comment(&mut self) -> Result<(), JinjaError> {
        let Some(length) = self.rest().find("#}") else {
            return Err(self.error("Missing end of comment tag"));
        };
        let signed = self.rest()[..length].ends_with(['-', '+']);
        self.advance(length - usize::from(signed));
        self.end("#}");
        Ok(())
    }

    /// Reads `raw %}…{% endraw %}` if it is at hand.
    fn raw(&mut self) -> Result<bool, JinjaError> {
        let inner = self.rest().trim_start_matches(is_space);
        let Some(after) = inner.strip_prefix("raw") else {
            return Ok(false);
        };
        let after = after.trim_start_matches(is_space);
        let strips = after.starts_with("-%}");
        if !strips && !after.starts_with("%}") {
            return Ok(false);
        }
        self.advance(self.rest().len() - after.len() + if strips { 3 } else { 2 });
        if strips {
            self.skip_space();
        }
        let mut from = 0;
        loop {
            let rest = self.rest();
            let Some(length) = rest[from..].find("{%").map(|at| at + from) else {
                return Err(self.error("Missing end of raw directive"));
            };
            let tag = &rest[length + 2..];
            let sign = tag.chars().next();
            let unsigned = tag.strip_prefix(['-', '+']).unwrap_or(tag);
            let named = unsigned.trim_start_matches(is_space);
            let Some(end) = named.strip_prefix("endraw") else {
                from = length + 2;
                continue;
            };
            let end = end.trim_start_matches(is_space);
            if !["%}", "-%}", "+%}"]
                .iter()
                .any(|close| end.starts_with(close))
            {
                from = length + 2;
                continue;
            }
            self.data(&rest[..length], sign, true);
            self.advance(rest.len() - end.len());
            self.end("%}");
            return Ok(true);
        }
    }

    /// The tokens of a tag, until its end.
    fn inside(&mut self, end: &str) -> Result<(), JinjaError> {
        let mut open: Vec<char> = Vec::new();
        loop {
            if open.is_empty() && self.end(end) {
                self.push(if end == "}}" {
                    TokenKind::OutputEnd
                } else {
                    TokenKind::BlockEnd
                });
                return Ok(());
            }
            let rest = self.rest();
            let Some(first) = rest.chars().next() else {
                return Err(self.error("the template ends inside a tag"));
            };
            if is_space(first) {
                self.skip_space();
            } else if first.is_ascii_digit() {
                self.number()?;
            } else if first.is_alphanumeric() || first == '_' {
                let length = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                self.push(TokenKind::Name(rest[..length].to_owned()));
                self.advance(length);
            } else if first == '\'' || first == '"' {
                self.text(first)?;
            } else {
                self.operator(&mut open)?;
            }
        }
    }

    fn operator(&mut self, open: &mut Vec<char>) -> Result<(), JinjaError> {
        let rest = self.rest();
        let Some(operator) = OPERATORS.iter().find(|sign| rest.starts_with(**sign)) else {
            let c = rest.chars().next().unwrap_or(' ');
            return Err(self.error(format!("unexpected char '{c}'")));
        };
        match *operator {
            "(" => open.push(')'),
            "[" => open.push(']'),
            "{" => open.push('}'),
            ")" | "]" | "}"
                if open
                    .pop()
                    .is_none_or(|closing| !operator.ends_with(closing)) =>
            {
                return Err(self.error(format!("unexpected '{operator}'")));
            }
            _ => {}
        }
        self.push(TokenKind::Operator(operator));
        self.advance(operator.len());
        Ok(())
    }

    fn number(&mut self) -> Result<(), JinjaError> {
        let rest = self.rest();
        for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
            let Some(after) = prefixes.iter().find_map(|prefix| rest.strip_prefix(prefix)) else {
                continue;
            };
            let end = after
                .find(|c: char| !c.is_digit(radix) && c != '_')
                .unwrap_or(after.len());
            let plain = after[..end].replace('_', "");
            let Ok(value) = i128::from_str_radix(&plain, radix) else {
                return Err(self.error(format!("`{}` is not a number", &rest[..end + 2])));
            };
            self.push(TokenKind::Int(value));
            self.advance(end + 2);
            return Ok(());
        }
        let whole = digits(rest, |_| true);
        let mut length = whole;
        let fraction = rest[length..]
            .strip_prefix('.')
            .map_or(0, |after| digits(after, |_| true));
        // `1.upper` is an attribute, and so is `a.0.1`.
        let after_dot = matches!(
            self.tokens.last().map(|token| &token.kind),
            Some(TokenKind::Operator("."))
        );
        if fraction > 0 && !after_dot {
            length += 1 + fraction;
        }
        let exponent = rest[length..].strip_prefix(['e', 'E']).map_or(0, |after| {
            let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
            match digits(unsigned, |_| true) {
                0 => 0,
                count => 1 + after.len() - unsigned.len() + count,
            }
        });
        length += if after_dot { 0 } else { exponent };
        // Python has no numbers that begin with a 0, but for 0 itself.
        if length == whole && rest.starts_with('0') {
            length = digits(rest, |digit| digit == '0');
        }
        let plain = rest[..length].replace('_', "");
        let kind = if length > whole {
            plain.parse().map(TokenKind::Float).ok()
        } else {
            plain.parse().map(TokenKind::Int).ok()
        };
        let Some(kind) = kind else {
            return Err(self.error(format!("`{plain}` is too large a number")));
        };
        self.push(kind);
        self.advance(length);
        Ok(())
    }

    fn text(&mut self, quote: char) -> Result<(), JinjaError> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest[1..].char_indices().find(|(_, c)| {
            let ends = !escaped && *c == quote;
            escaped = !escaped && *c == '\\';
            ends
        });
        let Some((length, _)) = end else {
            return Err(self.error("a text has no end"));
        };
        let value = unescape(&rest[1..=length]).map_err(|error| error.at(self.line))?;
        self.push(TokenKind::Text(value));
        self.advance(length + 2);
        Ok(())
    }
}

/// How many bytes of a text are digits of a kind, with single underscores between them.
fn digits(text: &str, kind: impl Fn(char) -> bool) -> usize {
    let is_digit = |c: char| c.is_ascii_digit() && kind(c);
    let mut length = 0;
    for (at, c) in text.char_indices() {
        let joins = c == '_' && at > 0 && text[at + 1..].starts_with(is_digit);
        if is_digit(c) {
            length = at + 1;
        } else if !joins {
            break;
        }
    }
    length
}

/// A text with Python's escapes read.
fn unescape(text: &str) -> Result<String, JinjaError> {
    let invalid = |problem: String| JinjaError::syntax(0, problem);
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        let Some(escape) = chars.next() else {
            return Err(invalid("a text ends in a backslash".to_owned()));
        };
        let mut code = |digits: &str, radix| {
            let value = u32::from_str_radix(digits, radix).ok();
            value
                .and_then(char::from_u32)
                .map(|c| plain.push(c))
                .ok_or_else(|| invalid(format!("`\\{escape}{digits}` is not a character")))
        };
        match escape {
            'n' => plain.push('\n'),
            't' => plain.push('\t'),
            'r' => plain.push('\r'),
            'a' => plain.push('\u{7}'),
            'b' => plain.push('\u{8}'),
            'f' => plain.push('\u{c}'),
            'v' => plain.push('\u{b}'),
            '\\' | '\'' | '"' => plain.push(escape),
            '\n' => {}
            'x' | 'u' | 'U' => {
                let count = match escape {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits: String = chars.by_ref().take(count).collect();
                if digits.len() < count {
                    return Err(invalid(format!("`\\{escape}{digits}` is cut off")));
                }
                code(&digits, 16)?;
            }
            '0'..='7' => {
                let mut digits = escape.to_string();
                while digits.len() < 3
                    && let Some(next) = chars.clone().next().filter(|c| c.is_digit(8))
                {
                    digits.push(next);
                    chars.next();
                }
                code(&digits, 8)?;
            }
            'N' => return Err(JinjaError::unsupported("a character's name (`\\N`)")),
            // Python keeps what it does not know.
            other => plain.extend(['\\', other]),
        }
    }
    Ok(plain)
}
