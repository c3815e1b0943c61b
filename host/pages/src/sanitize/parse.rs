//! HTML to a raw tree, with limits that hold while reading.
//!
//! The tree is html5ever's, kept in one vector: a node is an index. Text goes in small pieces to the parser, and
//! after each piece nodes and depth are looked at, because a few bytes can open elements for every byte that
//! follows (formatting elements are opened anew in each paragraph).

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, ParseOpts, QualName, local_name, ns, parse_fragment};

use super::{DEPTH_MAX, NODES_MAX, PAGE_BYTES_MAX, PageError, TAG_BYTES_MAX};

/// Bytes that are read between two looks at the limits.
const PIECE_BYTES: usize = 512;

/// A raw tree. Node 0 is the document.
pub(super) struct Raw {
    pub nodes: Vec<RawNode>,
    /// The node whose children are the page.
    pub root: usize,
}

/// A node of a raw tree.
pub(super) struct RawNode {
    pub data: Data,
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    depth: usize,
}

/// What a node is.
pub(super) enum Data {
    Document,
    Text(String),
    /// Comments, processing instructions, document types: never shown.
    Other,
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
}

/// Reads HTML as it would be read inside a `div`.
pub(super) fn parse(html: &str) -> Result<Raw, PageError> {
    if html.len() > PAGE_BYTES_MAX {
        return Err(PageError::TooLong(html.len()));
    }
    if longest_tag(html) > TAG_BYTES_MAX {
        return Err(PageError::TagTooLong);
    }
    let tree_builder = TreeBuilderOpts {
        // What is in `noscript` is dropped with it, so it does not matter which of two trees a browser sees.
        scripting_enabled: false,
        quirks_mode: QuirksMode::NoQuirks,
        ..TreeBuilderOpts::default()
    };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let mut parser = parse_fragment(Sink::new(), options, context, Vec::new(), false);
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES.min(rest.len())));
        parser.process(StrTendril::from_slice(piece));
        let sink = &parser.tokenizer.sink.sink;
        if sink.nodes.borrow().len() > NODES_MAX {
            return Err(PageError::TooMany);
        }
        if sink.deepest.get() > DEPTH_MAX {
            return Err(PageError::TooDeep);
        }
        rest = left;
    }
    let nodes = parser.finish();
    // The parser puts what it reads under an `html` element of its own.
    let root = nodes
        .first()
        .and_then(|document| document.children.iter().copied().find(|child| is_element(&nodes, *child)));
    Ok(Raw { nodes, root: root.unwrap_or(0) })
}

fn is_element(nodes: &[RawNode], index: usize) -> bool {
    matches!(nodes.get(index), Some(RawNode { data: Data::Element { .. }, .. }))
}

/// The longest stretch from the beginning of a tag to the next `>`.
fn longest_tag(html: &str) -> usize {
    let mut longest = 0;
    let mut begun = None;
    let mut bytes = html.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'<' if begun.is_none() => {
                let next = bytes.peek().map(|(_, next)| *next);
                if next.is_some_and(|next| next.is_ascii_alphabetic() || next == b'/') {
                    begun = Some(at);
                }
            }
            b'>' => longest = longest.max(begun.take().map_or(0, |begun| at - begun)),
            _ => {}
        }
    }
    longest.max(begun.map_or(0, |begun| html.len() - begun))
}

struct Sink {
    nodes: RefCell<Vec<RawNode>>,
    deepest: Cell<usize>,
}

impl Sink {
    fn new() -> Self {
        let document = RawNode { data: Data::Document, parent: None, children: Vec::new(), depth: 0 };
        Self { nodes: RefCell::new(vec![document]), deepest: Cell::new(0) }
    }

    fn add(&self, data: Data) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(RawNode { data, parent: None, children: Vec::new(), depth: 0 });
        nodes.len() - 1
    }

    fn detach(nodes: &mut [RawNode], node: usize) {
        let Some(parent) = nodes.get_mut(node).and_then(|node| node.parent.take()) else { return };
        if let Some(parent) = nodes.get_mut(parent) {
            // What is taken away is most often the last.
            if let Some(at) = parent.children.iter().rposition(|child| *child == node) {
                parent.children.remove(at);
            }
        }
    }

    /// Puts a node, or text, at a place among the children of `parent`.
    fn insert(&self, parent: usize, at: Option<usize>, child: NodeOrText<usize>) {
        let mut nodes = self.nodes.borrow_mut();
        let child = match child {
            NodeOrText::AppendNode(child) => {
                Self::detach(&mut nodes, child);
                child
            }
            NodeOrText::AppendText(text) => {
                let before = nodes.get(parent).and_then(|parent| match at {
                    None => parent.children.last().copied(),
                    Some(at) => parent.children.get(at.checked_sub(1)?).copied(),
                });
                if let Some(Data::Text(own)) =
                    before.and_then(|before| nodes.get_mut(before)).map(|n| &mut n.data)
                {
                    own.push_str(&text);
                    return;
                }
                let data = Data::Text(text.to_string());
                nodes.push(RawNode { data, parent: None, children: Vec::new(), depth: 0 });
                nodes.len() - 1
            }
        };
        let depth = nodes.get(parent).map_or(0, |parent| parent.depth) + 1;
        self.deepest.set(self.deepest.get().max(depth));
        if let Some(child) = nodes.get_mut(child) {
            child.parent = Some(parent);
            child.depth = depth;
        }
        if let Some(parent) = nodes.get_mut(parent) {
            let at = at.unwrap_or(parent.children.len()).min(parent.children.len());
            parent.children.insert(at, child);
        }
    }
}

impl TreeSink for Sink {
    type Handle = usize;
    type Output = Vec<RawNode>;
    type ElemName<'a> = Name;

    fn finish(self) -> Vec<RawNode> {
        self.nodes.into_inner()
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> usize {
        0
    }

    fn elem_name(&self, target: &usize) -> Name {
        match self.nodes.borrow().get(*target) {
            Some(RawNode { data: Data::Element { name, .. }, .. }) => Name(name.clone()),
            // Never asked for: an element without a name is nobody's.
            _ => Name(QualName::new(None, ns!(), local_name!(""))),
        }
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _flags: ElementFlags) -> usize {
        self.add(Data::Element { name, attributes })
    }

    fn create_comment(&self, _text: StrTendril) -> usize {
        self.add(Data::Other)
    }

    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> usize {
        self.add(Data::Other)
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        self.insert(*parent, None, child);
    }

    fn append_based_on_parent_node(&self, element: &usize, before: &usize, child: NodeOrText<usize>) {
        let has_parent = self.nodes.borrow().get(*element).is_some_and(|node| node.parent.is_some());
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}

    fn get_template_contents(&self, target: &usize) -> usize {
        // A template is dropped with all that is in it, so its contents may be its children.
        *target
    }

    fn same_node(&self, one: &usize, other: &usize) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
        if let NodeOrText::AppendNode(child) = &child {
            Self::detach(&mut self.nodes.borrow_mut(), *child);
        }
        let place = {
            let nodes = self.nodes.borrow();
            nodes.get(*sibling).and_then(|node| node.parent).and_then(|parent| {
                let children = &nodes.get(parent)?.children;
                Some((parent, children.iter().rposition(|child| child == sibling)?))
            })
        };
        if let Some((parent, at)) = place {
            self.insert(parent, Some(at), child);
        }
    }

    fn add_attrs_if_missing(&self, _target: &usize, _attributes: Vec<Attribute>) {
        // Only ever of `html` and `body`, which are not shown.
    }

    fn remove_from_parent(&self, target: &usize) {
        Self::detach(&mut self.nodes.borrow_mut(), *target);
    }

    fn reparent_children(&self, node: &usize, new_parent: &usize) {
        let children = match self.nodes.borrow_mut().get_mut(*node) {
            Some(node) => std::mem::take(&mut node.children),
            None => return,
        };
        for child in children {
            if let Some(child) = self.nodes.borrow_mut().get_mut(child) {
                child.parent = None;
            }
            self.insert(*new_parent, None, NodeOrText::AppendNode(child));
        }
    }
}

/// An element's name, on its own so that the tree can grow meanwhile.
#[derive(Debug)]
pub(super) struct Name(QualName);

impl html5ever::interface::ElemName for Name {
    fn ns(&self) -> &html5ever::Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &html5ever::LocalName {
        &self.0.local
    }
}
