//! The tree of a page, and the only writer of markup in this crate.
//!
//! Names of elements and attributes are constants of the program: a tree cannot hold one that a plugin made up.
//! Texts and values hold anything; [`write_text`] and [`write_value`] are the only ways out, and they escape.

/// A page, or a part of one: what [`crate::sanitize()`] gives, and what [`crate::forms`] makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fragment {
    /// In order.
    pub nodes: Vec<Node>,
}

/// A node of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Text, unescaped.
    Text(String),
    /// An element with its children.
    Element(Element),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name, in lower case.
    pub tag: &'static str,
    /// Its attributes, each at most once, in order of writing. An empty value is written without `=`.
    pub attributes: Vec<(&'static str, String)>,
    /// What is inside.
    pub children: Vec<Node>,
}

/// Elements that have no end tag and nothing inside.
const VOID: [&str; 6] = ["br", "hr", "img", "input", "wbr", "col"];

/// Elements whose first line break a parser drops; one is written so that theirs stays.
const NEWLINE_FIRST: [&str; 2] = ["pre", "textarea"];

impl Element {
    /// An element without attributes and children.
    pub fn new(tag: &'static str) -> Self {
        Self { tag, attributes: Vec::new(), children: Vec::new() }
    }

    /// With an attribute more, or another value for one that it has.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// With text at the end.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// With a child at the end.
    #[must_use]
    pub fn child(mut self, child: impl Into<Node>) -> Self {
        self.children.push(child.into());
        self
    }

    /// With children at the end.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Node>) -> Self {
        self.children.extend(children);
        self
    }

    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value.into(),
            None => self.attributes.push((name, value.into())),
        }
    }

    /// Takes an attribute away.
    pub fn unset(&mut self, name: &str) {
        self.attributes.retain(|(known, _)| *known != name);
    }

    /// Whether it never has anything inside.
    pub fn is_void(&self) -> bool {
        VOID.contains(&self.tag)
    }
}

impl From<Element> for Node {
    fn from(element: Element) -> Self {
        Self::Element(element)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Element> for Fragment {
    fn from(element: Element) -> Self {
        Self { nodes: vec![element.into()] }
    }
}

impl Fragment {
    /// The tree as markup, the host's elements as they were given. Sanitising this again gives the same tree.
    pub fn to_html(&self) -> String {
        let mut html = String::new();
        write_nodes(&mut html, &self.nodes);
        html
    }

    /// All text in it, as one would read it aloud.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            node.append_text(&mut text);
        }
        text
    }
}

impl Node {
    /// All text in it.
    pub fn append_text(&self, text: &mut String) {
        match self {
            Self::Text(own) => text.push_str(own),
            Self::Element(element) => element.children.iter().for_each(|child| child.append_text(text)),
        }
    }
}

/// Calls `look` with every element, the outer ones first.
pub fn each<'a>(nodes: &'a [Node], look: &mut impl FnMut(&'a Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            look(element);
            each(&element.children, look);
        }
    }
}

/// Writes nodes.
pub fn write_nodes(html: &mut String, nodes: &[Node]) {
    for node in nodes {
        write_node(html, node);
    }
}

/// Writes a node.
pub fn write_node(html: &mut String, node: &Node) {
    match node {
        Node::Text(text) => write_text(html, text),
        Node::Element(element) => {
            open(html, element);
            if !element.is_void() {
                write_nodes(html, &element.children);
                close(html, element.tag);
            }
        }
    }
}

/// Writes a start tag.
pub fn open(html: &mut String, element: &Element) {
    html.push('<');
    html.push_str(element.tag);
    for (name, value) in &element.attributes {
        html.push(' ');
        html.push_str(name);
        if !value.is_empty() || *name == "value" || *name == "alt" {
            html.push_str("=\"");
            write_value(html, value);
            html.push('"');
        }
    }
    html.push('>');
    if NEWLINE_FIRST.contains(&element.tag) {
        html.push('\n');
    }
}

/// Writes an end tag.
pub fn close(html: &mut String, tag: &'static str) {
    html.push_str("</");
    html.push_str(tag);
    html.push('>');
}

/// Writes text between tags.
pub fn write_text(html: &mut String, text: &str) {
    write_value(html, text);
}

/// Writes the value of an attribute in double quotes. More is escaped than has to be, so that what leaves is
/// harmless where somebody forgets the quotes.
pub fn write_value(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '`' => html.push_str("&#96;"),
            letter => html.push(letter),
        }
    }
}
