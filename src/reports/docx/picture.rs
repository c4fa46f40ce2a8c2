//! Drawings as pictures of a document: as they are, and as points for programs that know no drawings.

use std::sync::{Arc, LazyLock};

use maud::{Markup, html};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::emu;
use crate::reports::fonts::{FACES, FAMILY};

/// The width of the text on a page, in millimetres.
const PAGE: f64 = 170.0;

/// The points for each unit of a drawing.
const SHARPNESS: f32 = 2.0;

/// The most units that a drawing is wide or high.
const LARGEST: f32 = 4000.0;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for face in FACES {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(face)));
    }
    fonts.set_sans_serif_family(FAMILY);
    fonts.set_serif_family(FAMILY);
    Arc::new(fonts)
});

/// A drawing as a picture.
pub(super) struct Picture {
    pub(super) svg: String,
    pub(super) png: Vec<u8>,
    width: f64,
    height: f64,
}

impl Picture {
    /// Draws it; none where it cannot be drawn.
    pub(super) fn of(svg: &str) -> Option<Picture> {
        // Nothing outside of the drawing is read.
        let options = Options { fontdb: FONTS.clone(), font_family: FAMILY.into(), ..Options::default() };
        let tree = Tree::from_str(svg, &options).ok()?;
        let size = tree.size();
        if size.width() > LARGEST || size.height() > LARGEST {
            return None;
        }
        let points = |units: f32| (units * SHARPNESS).ceil() as u32;
        let mut pixmap = Pixmap::new(points(size.width()), points(size.height()))?;
        resvg::render(&tree, Transform::from_scale(SHARPNESS, SHARPNESS), &mut pixmap.as_mut());
        let png = pixmap.encode_png().ok()?;
        Some(Picture { svg: svg.to_owned(), png, width: size.width().into(), height: size.height().into() })
    }

    /// The picture in a line of text, with what it shows in words; as high as so many millimetres, or as wide as the page for 0.
    pub(super) fn inline(&self, index: usize, words: &str, height: f64) -> Markup {
        let wide = if height > 0.0 { (height * self.width / self.height).min(PAGE) } else { PAGE };
        let (x, y) = (emu(wide), emu(wide * self.height / self.width));
        let id = index + 1;
        let words = crate::formats::for_xml(words);
        html! {
            w:r { w:drawing { wp:inline distT="0" distB="0" distL="0" distR="0" {
                wp:extent cx=(x) cy=(y) {}
                wp:docPr id=(id) name={ "Picture " (id) } descr=(words) {}
                a:graphic { a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture" {
                    pic:pic {
                        pic:nvPicPr { pic:cNvPr id=(id) name={ "picture" (index) ".png" } descr=(words) {} pic:cNvPicPr {} }
                        pic:blipFill {
                            a:blip r:embed={ "png" (index) } {
                                a:extLst { a:ext uri="{96DAC541-7B7A-43D3-8B79-37D633B846F1}" { asvg:svgBlip r:embed={ "svg" (index) } {} } }
                            }
                            a:stretch { a:fillRect {} }
                        }
                        pic:spPr {
                            a:xfrm { a:off x="0" y="0" {} a:ext cx=(x) cy=(y) {} }
                            a:prstGeom prst="rect" { a:avLst {} }
                        }
                    }
                } }
            } } }
        }
    }
}
