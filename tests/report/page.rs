//! A page as a browser's parser reads it.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

pub struct Page {
    dom: RcDom,
}

impl Page {
    pub fn parse(text: &str) -> Self {
        Self { dom: parse_document(RcDom::default(), ParseOpts::default()).one(text) }
    }

    /// What the parser had to mend.
    pub fn errors(&self) -> Vec<String> {
        self.dom.errors.borrow().iter().map(ToString::to_string).collect()
    }

    /// Every element, in the order of the page.
    pub fn elements(&self) -> Vec<Element> {
        let mut found = Vec::new();
        walk(&self.dom.document, &mut found);
        found
    }

    pub fn named(&self, name: &str) -> Vec<Element> {
        self.elements().into_iter().filter(|e| e.name() == name).collect()
    }

    #[track_caller]
    pub fn by_id(&self, id: &str) -> Element {
        let found = self.elements().into_iter().find(|e| e.attribute("id").as_deref() == Some(id));
        found.unwrap_or_else(|| panic!("no element has the id {id}"))
    }

    /// Rows of a table, each as the texts of its cells.
    #[track_caller]
    pub fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let rows = self.by_id(table).inside("tr");
        let cells = |row: &Element| row.children().iter().map(Element::text).collect();
        rows.iter().skip(1).map(cells).collect()
    }
}

pub struct Element(Handle);

impl Element {
    pub fn name(&self) -> String {
        match &self.0.data {
            NodeData::Element { name, .. } => name.local.to_string(),
            _ => String::new(),
        }
    }

    pub fn attributes(&self) -> Vec<(String, String)> {
        match &self.0.data {
            NodeData::Element { attrs, .. } => {
                attrs.borrow().iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect()
            }
            _ => Vec::new(),
        }
    }

    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        self.whole_text().trim().to_owned()
    }

    /// Blanks at its ends, too.
    pub fn whole_text(&self) -> String {
        let mut text = String::new();
        collect(&self.0, &mut text);
        text
    }

    pub fn children(&self) -> Vec<Self> {
        let children = self.0.children.borrow();
        children.iter().filter(|c| is_element(c)).map(|c| Self(c.clone())).collect()
    }

    pub fn inside(&self, name: &str) -> Vec<Self> {
        let mut found = Vec::new();
        walk(&self.0, &mut found);
        found.into_iter().filter(|e| e.name() == name).collect()
    }
}

fn is_element(node: &Handle) -> bool {
    matches!(node.data, NodeData::Element { .. })
}

fn walk(node: &Handle, found: &mut Vec<Element>) {
    for child in node.children.borrow().iter() {
        if is_element(child) {
            found.push(Element(child.clone()));
        }
        walk(child, found);
    }
}

fn collect(node: &Handle, text: &mut String) {
    if let NodeData::Text { contents } = &node.data {
        text.push_str(&contents.borrow());
    }
    node.children.borrow().iter().for_each(|child| collect(child, text));
}
