//! From method and path to a REST operation: all URI templates of a service compiled into one tree.

use crate::form;
use crate::message::Headers;
use aws_schema::{Location, OperationSpec};
use percent_encoding::percent_decode_str;

/// A value taken from the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Name in the URI template.
    pub name: &'static str,
    /// Decoded text.
    pub value: String,
}

/// The operation a request is for.
#[derive(Clone, Debug)]
pub struct RouteMatch {
    /// Its description.
    pub operation: &'static OperationSpec,
    /// What stood in the path.
    pub labels: Vec<Label>,
}

/// Why no operation fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteMiss {
    /// No template has this path.
    #[error("no operation has this path")]
    Path,
    /// The path is known, but not with this method (405).
    #[error("no operation has this path with this method")]
    Method,
    /// A label is not UTF-8 after percent-decoding.
    #[error("the path is not valid UTF-8")]
    Encoding,
}

/// One operation at the end of a path.
#[derive(Debug)]
struct Leaf {
    operation: &'static OperationSpec,
    /// Literal query keys, with the value where the template has one.
    literals: Vec<(&'static str, Option<&'static str>)>,
    labels: Vec<&'static str>,
}

#[derive(Debug, Default)]
/// One path segment of all templates that share the way to it.
struct Node {
    literals: Vec<(&'static str, Node)>,
    label: Option<Box<Node>>,
    greedy: Option<Box<Node>>,
    leaves: Vec<Leaf>,
}

/// The compiled templates of one service.
#[derive(Debug, Default)]
pub struct Router {
    root: Node,
}

impl Router {
    /// Compiles the templates of these operations.
    pub fn new(operations: &[&'static OperationSpec]) -> Router {
        let mut router = Router::default();
        for operation in operations {
            router.root.insert(operation);
        }
        router
    }

    /// The most specific operation for a request: literal path segments before labels before greedy labels; then the one
    /// with more literal query keys; then the one whose required query and header members are all there (S3 tells
    /// `UploadPart` from `PutObject` only by those).
    ///
    /// # Errors
    /// [`RouteMiss`] when nothing fits.
    pub fn find(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &dyn Headers,
    ) -> Result<RouteMatch, RouteMiss> {
        let request = Request { method, query: parse_query(query), headers };
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut search = Search { request: &request, values: Vec::new(), other_method: false };
        let found = search.walk(&self.root, Some(path)).or_else(|| {
            let trimmed = path.strip_suffix('/')?;
            search.values.clear();
            search.walk(&self.root, Some(trimmed))
        });
        let Some(leaf) = found else {
            return Err(if search.other_method { RouteMiss::Method } else { RouteMiss::Path });
        };
        let mut labels = Vec::with_capacity(leaf.labels.len());
        for (name, raw) in leaf.labels.iter().zip(&search.values) {
            let value = percent_decode_str(raw).decode_utf8().map_err(|_| RouteMiss::Encoding)?.into_owned();
            labels.push(Label { name, value });
        }
        Ok(RouteMatch { operation: leaf.operation, labels })
    }
}

impl Node {
    /// Adds the template of one operation.
    fn insert(&mut self, operation: &'static OperationSpec) {
        let (path, query) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
        let (mut node, mut labels) = (self, Vec::new());
        for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
            let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            node = if let Some(name) = inner {
                let greedy = name.strip_suffix('+');
                labels.push(greedy.unwrap_or(name));
                let next = if greedy.is_some() { &mut node.greedy } else { &mut node.label };
                next.get_or_insert_with(Box::default)
            } else {
                let at = node.literals.iter().position(|(literal, _)| *literal == segment);
                let at = at.unwrap_or_else(|| {
                    node.literals.push((segment, Node::default()));
                    node.literals.len() - 1
                });
                &mut node.literals[at].1
            };
        }
        let literals = query
            .split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| {
                piece
                    .split_once('=')
                    .map_or((piece, None), |(key, value)| (key, Some(value).filter(|v| !v.is_empty())))
            })
            .collect();
        node.leaves.push(Leaf { operation, literals, labels });
    }
}

/// What of a request decides between operations.
struct Request<'a> {
    method: &'a str,
    query: Vec<(String, String)>,
    headers: &'a dyn Headers,
}

/// Decoded keys and values; a wrong escape makes an empty text, which matches no literal.
fn parse_query(query: &str) -> Vec<(String, String)> {
    let lossy = |text: &str| form::decode(text).map(|t| t.into_owned()).unwrap_or_default();
    query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            piece.split_once('=').map_or((lossy(piece), String::new()), |(k, v)| (lossy(k), lossy(v)))
        })
        .collect()
}

/// One walk through the tree.
struct Search<'r, 'p> {
    request: &'r Request<'r>,
    /// Raw label values on the way to the current node.
    values: Vec<&'p str>,
    other_method: bool,
}

impl<'p> Search<'_, 'p> {
    /// `rest` is the path below `node`, `None` when the path has ended.
    fn walk<'n>(&mut self, node: &'n Node, rest: Option<&'p str>) -> Option<&'n Leaf> {
        let Some(rest) = rest else { return self.choose(&node.leaves) };
        let (segment, below) =
            rest.split_once('/').map_or((rest, None), |(segment, below)| (segment, Some(below)));
        if let Some((_, next)) = node.literals.iter().find(|(literal, _)| same_segment(literal, segment)) {
            let found = self.walk(next, below);
            if found.is_some() {
                return found;
            }
        }
        if let Some(next) = node.label.as_ref().filter(|_| !segment.is_empty()) {
            let found = self.with(segment, |search| search.walk(next, below));
            if found.is_some() {
                return found;
            }
        }
        let greedy = node.greedy.as_ref().filter(|_| !rest.is_empty())?;
        if let Some(found) = self.with(rest, |search| search.choose(&greedy.leaves)) {
            return Some(found);
        }
        if greedy.literals.is_empty() {
            return None;
        }
        // A literal tail after a greedy label: the longest label that leaves the tail wins.
        rest.rmatch_indices('/').take(64).find_map(|(at, _)| {
            let (value, tail) = (&rest[..at], &rest[at + 1..]);
            self.with(value, |search| search.walk(greedy, Some(tail)))
        })
    }

    /// Walks with one more label, and forgets it if the walk finds nothing.
    fn with<T>(&mut self, value: &'p str, walk: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.values.push(value);
        let found = walk(self);
        if found.is_none() {
            self.values.pop();
        }
        found
    }

    /// The best of the operations at the end of a path.
    fn choose<'n>(&mut self, leaves: &'n [Leaf]) -> Option<&'n Leaf> {
        let mut best: Option<(&Leaf, (usize, bool, usize))> = None;
        for leaf in leaves {
            let fits = leaf.literals.iter().all(|(key, value)| {
                self.request.query.iter().any(|(k, v)| k == key && value.is_none_or(|value| v == value))
            });
            if !fits {
                continue;
            }
            if leaf.operation.method != self.request.method {
                self.other_method = true;
                continue;
            }
            let (needed, present) = self.bindings(leaf.operation);
            let rank = (leaf.literals.len(), present == needed, present);
            if best.is_none_or(|(_, other)| rank > other) {
                best = Some((leaf, rank));
            }
        }
        best.map(|(leaf, _)| leaf)
    }

    /// How many query and header members the operation requires, and how many of them the request has.
    fn bindings(&self, operation: &OperationSpec) -> (usize, usize) {
        let (mut needed, mut present) = (0, 0);
        for member in operation.input.members.iter().filter(|member| member.required) {
            let name = member.wire_name();
            let there = match member.location {
                Location::Query => self.request.query.iter().any(|(key, _)| key == name),
                Location::Header => self.request.headers.get(&name.to_ascii_lowercase()).is_some(),
                _ => continue,
            };
            needed += 1;
            present += usize::from(there);
        }
        (needed, present)
    }
}

/// Whether a path segment is the template's literal, percent-encoded or not.
fn same_segment(literal: &str, segment: &str) -> bool {
    literal == segment || (segment.contains('%') && percent_decode_str(segment).eq(literal.bytes()))
}
