//! The authority's own text (CommonMark) as blocks of the report. HTML in it is text as any other, and pictures are what they
//! say in words.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::report::{Block, Run};
use crate::profile::{TextPart, parts};

/// The deepest level of headings within a chapter.
const DEEPEST: u8 = 3;

/// The longest address that a link leads to.
const LONGEST: usize = 2000;

/// A text as blocks; `figure` says what stands for the name of a figure.
pub fn blocks(text: &str, figure: impl Fn(&str) -> String) -> Vec<Block> {
    let mut writer = ProseWriter { open: vec![Level::default()], ..ProseWriter::default() };
    for event in TextMergeStream::new(Parser::new_ext(text, Options::empty())) {
        writer.take(event, &figure);
    }
    writer.flush();
    writer.open.pop().map(|level| level.blocks).unwrap_or_default()
}

/// The text that is being written: the blocks that are open, and the words of the one that is at hand.
#[derive(Default)]
struct ProseWriter {
    open: Vec<Level>,
    runs: Vec<Run>,
    strong: usize,
    emphasis: usize,
    links: Vec<Option<String>>,
    verbatim: Option<String>,
    heading: u8,
}

/// A block that holds others.
#[derive(Default)]
struct Level {
    blocks: Vec<Block>,
    points: Vec<Vec<Block>>,
    first: Option<u64>,
}

/// A text with the figures that it names.
fn filled(text: &str, figure: impl Fn(&str) -> String) -> String {
    let written = |part: TextPart| match part {
        TextPart::Text(text) => text.to_owned(),
        TextPart::Figure(name, _) => figure(name),
    };
    parts(text).into_iter().map(written).collect()
}

impl ProseWriter {
    fn take(&mut self, event: Event, figure: &impl Fn(&str) -> String) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.verbatim {
                Some(verbatim) => verbatim.push_str(&text),
                None => self.write(&filled(&text, figure)),
            },
            Event::Html(text) | Event::InlineHtml(text) => self.write(&filled(&text, figure)),
            Event::Code(text) => self.write(&text),
            Event::SoftBreak => self.write(" "),
            Event::HardBreak => self.write("\n"),
            _ => {}
        }
    }

    fn write(&mut self, text: &str) {
        if !text.is_empty() {
            self.runs.push(Run {
                text: text.to_owned(),
                strong: self.strong > 0,
                emphasis: self.emphasis > 0,
                link: self.links.iter().rev().flatten().next().cloned(),
            });
        }
    }

    fn push(&mut self, block: Block) {
        if let Some(level) = self.open.last_mut() {
            level.blocks.push(block);
        }
    }

    /// Ends the paragraph at hand; the points of a list may have one that is not marked.
    fn flush(&mut self) {
        let runs = std::mem::take(&mut self.runs);
        if !runs.is_empty() {
            self.push(Block::Paragraph { runs });
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Strong => self.strong += 1,
            Tag::Emphasis => self.emphasis += 1,
            Tag::Link { dest_url, .. } => self.links.push(Some(dest_url.into_string()).filter(|url| is_safe(url))),
            Tag::Image { .. } => {}
            Tag::List(first) => {
                self.flush();
                self.open.push(Level { first, ..Level::default() });
            }
            Tag::BlockQuote(_) | Tag::Item => {
                self.flush();
                self.open.push(Level::default());
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.verbatim = Some(String::new());
            }
            _ => self.flush(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Link => drop(self.links.pop()),
            TagEnd::Image => {}
            TagEnd::Heading(level) => self.end_heading(level),
            TagEnd::CodeBlock => {
                let text = self.verbatim.take().unwrap_or_default();
                self.push(Block::Verbatim { text: text.trim_end().to_owned() });
            }
            TagEnd::BlockQuote(_) => {
                if let Some(Level { blocks, .. }) = self.close() {
                    self.push(Block::Quote { blocks });
                }
            }
            TagEnd::Item => {
                if let (Some(Level { blocks, .. }), Some(list)) = (self.close(), self.open.last_mut()) {
                    list.points.push(blocks);
                }
            }
            TagEnd::List(_) => {
                if let Some(Level { points, first, .. }) = self.close() {
                    self.push(Block::Points { first, points });
                }
            }
            _ => self.flush(),
        }
    }

    fn close(&mut self) -> Option<Level> {
        self.flush();
        self.open.pop()
    }

    /// A heading is at most one level deeper than the one before it: so it must be in a document that everybody can use.
    fn end_heading(&mut self, level: HeadingLevel) {
        let runs = std::mem::take(&mut self.runs);
        if !runs.is_empty() {
            self.heading = (level as u8).min(self.heading + 1).min(DEEPEST);
            self.push(Block::Heading { level: self.heading, runs });
        }
    }
}

/// True for an address that a reader may be led to.
fn is_safe(url: &str) -> bool {
    url.len() <= LONGEST && ["https://", "http://", "mailto:"].iter().any(|start| url.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Run {
        Run { text: text.to_owned(), strong: false, emphasis: false, link: None }
    }

    #[test]
    fn a_text_becomes_blocks_with_its_figures() {
        let text = "### Rückblick\n\nEs waren **{{ a.b }}** [Fälle](https://x.example).\n\n- eins\n- zwei\n  1. innen\n\n> gesagt\n\n##### tief\n";
        let found = blocks(text, |name| format!("<{}>", name.trim()));
        let strong = Run { strong: true, ..plain("<a.b>") };
        let link = Run { link: Some("https://x.example".into()), ..plain("Fälle") };
        let inner =
            Block::Points { first: Some(1), points: vec![vec![Block::Paragraph { runs: vec![plain("innen")] }]] };
        let points = vec![
            vec![Block::Paragraph { runs: vec![plain("eins")] }],
            vec![Block::Paragraph { runs: vec![plain("zwei")] }, inner],
        ];
        assert_eq!(
            found,
            [
                Block::Heading { level: 1, runs: vec![plain("Rückblick")] },
                Block::Paragraph { runs: vec![plain("Es waren "), strong, plain(" "), link, plain(".")] },
                Block::Points { first: None, points },
                Block::Quote { blocks: vec![Block::Paragraph { runs: vec![plain("gesagt")] }] },
                Block::Heading { level: 2, runs: vec![plain("tief")] },
            ]
        );
    }

    #[test]
    fn html_is_text_and_addresses_that_do_something_are_none() {
        let found = blocks(
            "<script>alert({{ a.b }})</script>\n\nA <b class={{ a.b }}>b</b> [x](javascript:alert(1)) ![Bild](https://x.example/a.png)",
            |_| "1".to_owned(),
        );
        let texts = |block: &Block| match block {
            Block::Paragraph { runs } => {
                assert!(runs.iter().all(|run| run.link.is_none()));
                runs.iter().map(|run| run.text.as_str()).collect::<String>()
            }
            other => panic!("{other:?}"),
        };
        let found: Vec<String> = found.iter().map(texts).collect();
        assert_eq!(found, ["<script>alert(1)</script>\n", "A <b class=1>b</b> x Bild"]);
    }
}
