//! A small XML parser: elements, attributes, text. No document types and hence no entities but the five of XML itself.

use crate::budget::Budget;
use aws_schema::ReadError;
use std::borrow::Cow;

/// One element.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// Name without namespace prefix.
    pub(crate) name: &'a str,
    /// Attributes by their names as written.
    pub(crate) attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// All character data directly inside, put together.
    pub(crate) text: Cow<'a, str>,
    /// Child elements in order.
    pub(crate) children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    /// The root element of a document.
    pub(crate) fn parse(body: &'a [u8], budget: &mut Budget) -> Result<Element<'a>, ReadError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        let mut parser = Parser { rest: text.trim_start_matches('\u{feff}'), budget };
        parser.between()?;
        let root = parser.element()?;
        parser.between()?;
        if parser.rest.is_empty() { Ok(root) } else { Err(malformed()) }
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// The one error for text that is no XML (or more XML than is read here).
fn malformed() -> ReadError {
    ReadError::new("The body is not well-formed XML")
}

/// What is still to be parsed.
struct Parser<'a, 'b> {
    rest: &'a str,
    budget: &'b mut Budget,
}

impl<'a> Parser<'a, '_> {
    /// Takes `text` if it comes next.
    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes everything up to `end` and `end` itself.
    fn until(&mut self, end: &str) -> Result<&'a str, ReadError> {
        let at = memchr::memmem::find(self.rest.as_bytes(), end.as_bytes()).ok_or_else(malformed)?;
        let taken = &self.rest[..at];
        self.rest = &self.rest[at + end.len()..];
        Ok(taken)
    }

    /// Takes white space.
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Space, comments and processing instructions outside the root.
    fn between(&mut self) -> Result<(), ReadError> {
        loop {
            self.space();
            if self.take("<?") {
                self.until("?>")?;
            } else if self.take("<!--") {
                self.until("-->")?;
            } else {
                return Ok(());
            }
        }
    }

    /// A qualified name.
    fn name(&mut self) -> Result<&'a str, ReadError> {
        let length = self
            .rest
            .find(|c: char| {
                c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=' | '<' | '"' | '\'' | '&' | '!' | '?')
            })
            .ok_or_else(malformed)?;
        if length == 0 {
            return Err(malformed());
        }
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(name)
    }

    /// One element with all it holds. Recursion is bounded by the budget's depth.
    fn element(&mut self) -> Result<Element<'a>, ReadError> {
        if !self.take("<") {
            return Err(malformed());
        }
        // An element is about a hundred bytes.
        self.budget.spend(3)?;
        self.budget.enter()?;
        let qualified = self.name()?;
        let attributes = self.attributes()?;
        let mut element =
            Element { name: local(qualified), attributes, text: Cow::Borrowed(""), children: Vec::new() };
        if !self.take("/>") {
            if !self.take(">") {
                return Err(malformed());
            }
            self.content(&mut element)?;
            if self.name()? != qualified {
                return Err(malformed());
            }
            self.space();
            if !self.take(">") {
                return Err(malformed());
            }
        }
        self.budget.leave();
        Ok(element)
    }

    /// Everything up to and with the `</` of the closing tag.
    fn content(&mut self, element: &mut Element<'a>) -> Result<(), ReadError> {
        loop {
            let at = memchr::memchr(b'<', self.rest.as_bytes()).ok_or_else(malformed)?;
            let (text, rest) = self.rest.split_at(at);
            self.rest = rest;
            append(&mut element.text, unescape(text)?);
            if self.take("</") {
                return Ok(());
            } else if self.take("<![CDATA[") {
                append(&mut element.text, newlines(self.until("]]>")?));
            } else if self.take("<!--") {
                self.until("-->")?;
            } else if self.take("<?") {
                self.until("?>")?;
            } else {
                element.children.push(self.element()?);
            }
        }
    }

    /// The attributes of an opening tag, up to its end.
    fn attributes(&mut self) -> Result<Vec<(&'a str, Cow<'a, str>)>, ReadError> {
        let mut attributes = Vec::new();
        loop {
            self.space();
            if self.rest.starts_with(['/', '>']) {
                return Ok(attributes);
            }
            self.budget.spend(2)?;
            let name = self.name()?;
            self.space();
            if !self.take("=") {
                return Err(malformed());
            }
            self.space();
            let quote = if self.take("\"") {
                "\""
            } else if self.take("'") {
                "'"
            } else {
                return Err(malformed());
            };
            let value = self.until(quote)?;
            if value.contains('<') {
                return Err(malformed());
            }
            attributes.push((name, unescape(value)?));
        }
    }
}

/// A name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Puts pieces of text together; a single piece stays borrowed.
fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else if !more.is_empty() {
        text.to_mut().push_str(&more);
    }
}

/// Line ends become `\n` (XML 1.0, 2.11).
fn newlines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Character data with its references resolved.
fn unescape(text: &str) -> Result<Cow<'_, str>, ReadError> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Ok(newlines(text)) };
    let mut out = newlines(&text[..first]).into_owned();
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let (name, tail) = after.split_once(';').ok_or_else(malformed)?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let digits = name.strip_prefix('#').ok_or_else(malformed)?;
                let code = match digits.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => digits.parse(),
                };
                code.ok().and_then(char::from_u32).ok_or_else(malformed)?
            }
        });
        let plain = memchr::memchr(b'&', tail.as_bytes()).unwrap_or(tail.len());
        out.push_str(&newlines(&tail[..plain]));
        rest = &tail[plain..];
    }
    Ok(Cow::Owned(out))
}
