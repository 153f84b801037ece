//! Rows of comma-separated texts (RFC 4180, with other delimiters and bare line feeds).

/// Rows of a text, read as they are taken. Empty lines are no rows.
#[derive(Debug)]
pub(super) struct Rows {
    text: String,
    at: usize,
    delimiter: char,
}

impl Rows {
    pub(super) fn new(text: String, delimiter: u8) -> Rows {
        // A byte-order mark belongs to nobody.
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Rows { text, at, delimiter: char::from(delimiter) }
    }

    /// A cell behind its opening quote; two quotes stand for one.
    fn quoted(&mut self) -> String {
        let mut cell = String::new();
        let mut rest = self.text[self.at..].char_indices().peekable();
        let mut length = self.text.len() - self.at;
        while let Some((place, character)) = rest.next() {
            if character != '"' {
                cell.push(character);
            } else if rest.next_if(|(_, next)| *next == '"').is_some() {
                cell.push('"');
            } else {
                length = place + 1;
                break;
            }
        }
        self.at += length;
        cell
    }

    /// A cell without quotes, or what stands behind the closing quote of one.
    fn bare(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let length = rest.find([self.delimiter, '\n', '\r']).unwrap_or(rest.len());
        let from = self.at;
        self.at += length;
        &self.text[from..self.at]
    }
}

impl Iterator for Rows {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        while self.text[self.at..].starts_with(['\n', '\r']) {
            self.at += 1;
        }
        if self.at >= self.text.len() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            let mut cell = String::new();
            if self.text[self.at..].starts_with('"') {
                self.at += 1;
                cell = self.quoted();
            }
            cell.push_str(self.bare());
            row.push(cell);
            if !self.text[self.at..].starts_with(self.delimiter) {
                return Some(row);
            }
            self.at += self.delimiter.len_utf8();
        }
    }
}
