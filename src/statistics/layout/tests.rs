//! Layouts that are read, and those that are refused: each with the reason and its place.

use super::*;
use crate::profile::Profile;

const GOOD: &str = r#"name = "test"
title = { de = "a", fr = "b", it = "c", en = "d" }
total = "total"

[footnotes.new]
de = "a"
fr = "b"
it = "c"
en = "d"

[[tables.services.lines]]
code = "a.it"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["IT"] }]
footnotes = ["new"]

[[tables.services.lines]]
code = "a.rest"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["POLICE", "NONE"] }]

[[tables.services.lines]]
code = "total"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
sum = ["a.it", "a.rest"]

[[tables.services.lines]]
code = "cameras"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
entered = true

[[tables.services.checks]]
whole = "total"
parts = ["a.it", "a.rest"]

[[tables.channels.lines]]
code = "all"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["cases"] }]

[[tables.media-requests.lines]]
code = "media"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["media-requests"] }]
"#;

/// The first of the faults.
fn first(faults: Vec<SourceFault>) -> SourceFault {
    faults.into_iter().next().unwrap()
}

fn parse(text: &str) -> Result<Layout, Vec<SourceFault>> {
    let profile = Profile::embedded().unwrap();
    let context = LayoutContext { vocabulary: &profile.vocabulary, languages: &profile.authority.languages };
    Layout::parse("test.toml", text, context)
}

fn parsed(from: &str, to: &str) -> Result<Layout, Vec<SourceFault>> {
    assert!(GOOD.contains(from), "{from}");
    parse(&GOOD.replacen(from, to, 1))
}

#[test]
fn reads_lines_and_resolves_sums() {
    let layout = parse(GOOD).unwrap();
    let table = layout.table("services").unwrap();
    assert_eq!(table.line("total").unwrap().parts(2017).count(), 2);
    let cameras = table.line("cameras").unwrap();
    assert!(cameras.is_entered() && cameras.is_collected(2017) && cameras.parts(2017).next().is_none());
    assert_eq!(layout.total.as_deref(), Some("total"));
}

#[test]
fn refuses_what_could_give_wrong_figures_and_says_where() {
    let checked = "parts = [\"a.it\", \"a.rest\"]";
    let area = "any = [{ register = [\"cases\"], area = [\"IT\"] }]";
    let cases = [
        ("area = [\"IT\"]", "aera = [\"IT\"]", 15, "the dimension aera is not known"),
        ("area = [\"IT\"]", "area = [\"ITT\"]", 15, "area has no value ITT"),
        ("area = [\"IT\"]", "area = []", 15, "has no values"),
        // The values of the registers that are named, and no others.
        (
            area,
            "any = [{ register = [\"events\"], kind = [\"TALK\"] }]",
            15,
            "kind has no value TALK; there are TRAINING, LECTURE",
        ),
        (
            area,
            "any = [{ not = { register = [\"cases\", \"organisations\", \"publications\", \"memberships\", \"proceedings\"] }, kind = [\"TALK\"] }]",
            15,
            "kind has no value TALK; there are TRAINING, LECTURE",
        ),
        (area, "any = [{ register = [\"media-requests\"], medium = [\"TVV\"] }]", 15, "RADIO, TV, AGENCY, NONE"),
        ("footnotes = [\"new\"]", "footnotes = [\"old\"]", 16, "there is no footnote old"),
        ("footnotes = [\"new\"]", "foot = [\"new\"]", 16, "foot is not known here"),
        ("code = \"a.rest\"", "code = \"a.it\"", 19, "used twice"),
        ("code = \"a.rest\"", "code = \"A rest\"", 19, "lower-case words"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\",\n\"b\"]", 29, "there is no line b"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"total\"]", 25, "a part of its own sum"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"a.it\"]", 25, "count a record twice"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"cameras\", \"cameras\"]", 25, "count a record twice"),
        ("[\"POLICE\", \"NONE\"]", "[\"POLICE\", \"IT\"]", 25, "count a record twice"),
        ("sum = [\"a.it\", \"a.rest\"]", "level_ = 1", 28, "level_ is not known here; did you mean level?"),
        ("level = 0\nsum = [\"a.it\", \"a.rest\"]", "level = 0", 25, "needs exactly one source"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\"]\nentered = true", 25, "needs exactly one source"),
        ("level = 1", "level = 9", 14, "from 0 to 3"),
        ("footnotes = [\"new\"]", "collected = { from = 2013, to = 2012 }", 16, "must not be after"),
        ("footnotes = [\"new\"]", "collected = [{ to = 2013 }, { from = 2013 }]", 16, "must not meet"),
        ("footnotes = [\"new\"]", "collected = 2013", 16, "a span of years"),
        ("de = \"a\", fr", "de = \" \", fr", 2, "language de is missing"),
        (
            "[footnotes.new]",
            "[publisher]\nemail = \"x\"\nlicense = \"http\"\nname = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\n[footnotes.new]",
            5,
            "a publisher has",
        ),
        ("name = \"test\"", "name = \"Te st\"", 1, "the name must be"),
        ("total = \"total\"\n", "", 1, "as in total = \"cameras\""),
        ("total = \"total\"", "total = \"nothing\"", 3, "no table has a line nothing"),
        ("entered = true", "entered = false", 34, "entered is true"),
        // No record can be there: in no register, though each value is known.
        (area, "any = [{ register = [\"media-requests\"], area = [\"IT\"] }]", 15, "no record can ever be"),
        (area, "any = [{ role = [\"LEAD\"], area = [\"IT\"] }]", 15, "write entered = true"),
        (area, "any = [{ register = [\"cases\"], kind = [\"TRAINING\"] }]", 15, "no record can ever be"),
        (area, "any = [{ register = [\"cases\"], kind = [\"NONE\"] }]", 15, "no record can ever be"),
        (area, "any = [{ register = [\"events\"], kind = [\"NONE\"] }]", 15, "no record can ever be"),
        (area, "any = [\n{ register = [\"cases\"], responsible = [\"RF\",\n\"Recht \"] }]", 17, "blanks around"),
        (area, "any = [{ responsible = [\"A  B\"] }]", 15, "blanks around or within"),
        (area, "any = [{ responsible = [\"\"] }]", 15, "blanks"),
        // Checks that say nothing, or never run.
        (checked, "parts = [\"a.it\", \"a.it\"]", 38, "named twice"),
        (checked, "parts = [\"a.it\", \"total\"]", 38, "a part of itself"),
        (checked, "parts = [\"a.it\", \"nothing\"]", 38, "there is no line nothing"),
        (checked, "parts = []", 38, "can never run"),
        ("whole = \"total\"", "whole = \"a\"", 37, "there is no line a"),
        (
            "footnotes = [\"new\"]",
            "collected = { to = 2012 }\n[[tables.services.checks]]\nwhole = \"later\"\nparts = [\"a.it\"]\n[[tables.services.lines]]\ncode = \"later\"\nlevel = 1\nlabel = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nany = [{ area = [\"IT\"] }]\ncollected = { from = 2013 }",
            19,
            "can never run",
        ),
        (
            "[[tables.services.checks]]",
            "[[tables.services.checks]]\nwhole = \"total\"\nparts = [\"cameras\", \"total\"]\n[[tables.services.checks]]",
            38,
            "a part of itself",
        ),
    ];
    for (from, to, line, reason) in cases {
        let error = first(parsed(from, to).expect_err(to));
        assert!(error.reason.contains(reason), "{to}: {error}");
        assert_eq!((error.file.as_str(), error.line), ("test.toml", line), "{to}: {error}");
    }
}

#[test]
fn texts_are_lines_in_normal_form() {
    let title = "title = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }";
    let odd = "title = { de = \"  U\u{308}ber\\nsicht \\u00ad\", fr = \"b\", it = \"c\", en = \"d\" }";
    assert_eq!(parsed(title, odd).unwrap().title.get(Lang::De), "Über sicht");
    let label = title.replace("title", "label");
    let layout = parsed(&label, &label.replace("\"b\"", "\" b  b \"")).unwrap();
    assert_eq!(layout.table("services").unwrap().lines[0].label(2017).get(Lang::Fr), "b b");
    let footnote = parsed("it = \"c\"\nen", "it = \"c\\tc\"\nen").unwrap();
    assert_eq!(footnote.footnotes["new"].get(Lang::It), "c c");
    let publisher = |name: &str| {
        let names = title.replace("title", "name").replace("\"a\"", name);
        let text = format!("{title}\n[publisher]\n{names}\nemail = \"a@b.ch\"\nlicense = \"https://b.ch\"");
        parsed(&format!("{title}\ntotal = \"total\"\n"), &format!("total = \"total\"\n{text}\n"))
    };
    assert_eq!(publisher("\" a\"").unwrap().publisher.unwrap().name.get(Lang::De), "a");
    for (from, to, line, reason) in [
        (title, title.replace("\"c\"", "\"c\\u0001\""), 2, "language it must not contain the control character U+0001"),
        (&label, label.replace("\"d\"", "\"\\u200b \""), 13, "the text in the language en is missing"),
        ("\"IT\"", "\"I\\u0007T\"".into(), 15, "it must not contain the control character U+0007"),
        ("area = [\"IT\"]", "responsible = [\"R\\u00adF\"]".into(), 15, "no record has"),
    ] {
        let error = first(parsed(from, &to).expect_err(&to));
        assert!(error.reason.contains(reason), "{to}: {error}");
        assert_eq!(error.line, line, "{to}: {error}");
    }
    assert!(first(publisher("\"\\u0001\"").unwrap_err()).reason.contains("U+0001"));
    assert!(first(publisher("\"\"").unwrap_err()).reason.contains("a publisher has a name in each language"));
}

#[test]
fn parts_that_overlap_are_no_check() {
    let line = "[[tables.services.lines]]\ncode = \"cases\"\nlevel = 1\nlabel = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nany = [{ register = [\"cases\"] }]\n";
    let check =
        "[[tables.services.checks]]\nwhole = \"cases\"\nparts = [\"a.it\", \"total\"]\n[[tables.services.checks]]";
    let error = parsed("[[tables.services.checks]]", &format!("{line}{check}")).unwrap_err().remove(0);
    assert!(error.reason.contains("the parts a.it and total overlap"), "{error}");
    assert_eq!(error.line, 43);
}

#[test]
fn what_overlaps_in_no_year_is_no_overlap() {
    let renamed = |first: &str, second: &str| {
        let text = GOOD.replacen("footnotes = [\"new\"]", &format!("collected = {first}"), 1).replacen(
            "area = [\"POLICE\", \"NONE\"] }]",
            &format!("area = [\"IT\"] }}]\ncollected = {second}"),
            1,
        );
        parse(&text)
    };
    let layout = renamed("{ to = 2021 }", "[{ from = 2022, to = 2023 }, { from = 2025 }]").unwrap();
    let total = layout.line("total").unwrap();
    let counts = |year: i32| (total.is_collected(year), total.parts(year).count());
    assert_eq!([2021, 2022, 2024, 2025].map(counts), [(true, 1), (true, 1), (false, 0), (true, 1)]);
    assert_eq!(layout.turns().into_iter().filter(|turn| *turn > 0).collect::<Vec<_>>(), [2022, 2024, 2025]);
    assert!(renamed("{ to = 2022 }", "{ from = 2022 }").unwrap_err()[0].reason.contains("twice"));
}

#[test]
fn the_embedded_layouts_are_sound() {
    let layouts = Profile::embedded().unwrap().layouts;
    let services = layouts.get(None).unwrap().table("services").unwrap();
    let codes: Vec<&str> = services.lines.iter().map(|line| line.code.as_str()).collect();
    assert_eq!(codes.first(), Some(&"inquiries.municipality"));
    assert_eq!(codes.last(), Some(&"cases.total"));
    assert_eq!(codes.len(), 18);
}

/// A layout of one table, whose lines are written one on a line: the code, and all else of it.
fn work(head: &str, lines: &str) -> String {
    let label = "label = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }";
    let line = |line: &str| {
        let (code, rest) = line.trim().split_once(' ').unwrap();
        format!("[[tables.work.lines]]\ncode = \"{code}\"\n{label}\n{}\n", rest.replace("; ", "\n"))
    };
    let lines: String = lines.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    format!("name = \"test\"\n{}\ntotal = \"total\"\n{head}\n{lines}", label.replace("label", "title"))
}

const TOTAL: &str = "total any = [{ register = [\"cases\"] }]";

#[test]
fn each_source_is_refused_with_its_reason_at_its_place() {
    // The first line begins in line 5; the source of the second one stands in line 12.
    let cases: &[(&str, usize, &str)] = &[
        ("a any = [{ area = [\"IT\"] }]; measure = \"recieved\"", 13, "did you mean received?"),
        ("a sum = [\"total\"]; measure = \"closed\"", 13, "measure goes with any"),
        ("a add = \"participants\"", 12, "add goes with any"),
        ("a any = [{ register = [\"cases\"] }]; add = \"participants\"", 13, "register = [\"events\"]"),
        ("a any = [{ register = [\"events\"] }]; add = \"participant\"", 13, "did you mean participants?"),
        (
            "a any = [{ register = [\"events\"] }]; add = \"participants\"; measure = \"closed\"",
            14,
            "either measure or add",
        ),
        ("a sum = [\"totl\"]", 12, "there is no line totl in this table; did you mean total?"),
        ("a rest = { of = \"totl\", less = [] }", 12, "did you mean total?"),
        ("a rest = { of = \"total\", less = [] }", 10, "takes nothing away"),
        ("a rest = { of = \"total\", less = [\"a\"] }", 10, "a part of its own sum"),
        ("a share = { of = \"total\", in = \"totl\" }", 12, "did you mean total?"),
        ("a share = { of = \"total\" }", 12, "in is missing"),
        ("a heading = false", 12, "heading is true"),
        ("a heading = true; entered = true", 10, "needs exactly one source"),
        ("a entered = true; decimals = 5", 13, "decimals is from 0 to 4"),
        ("a entered = true; unit = \" CHF\"", 13, "a unit is a short word"),
        ("a entered = true; footnotes = [\"nothing\"]", 13, "there is no footnote nothing"),
        ("a entered = true; footnotes = [{ key = \"nothing\", year = 2017 }]", 13, "there is no footnote nothing"),
        ("a any = [{ not = [\"IT\"] }]", 12, "not names dimensions"),
        ("a any = [{ not = { aera = [\"IT\"] } }]", 12, "did you mean area?"),
        ("a any = [{ area = { area = [\"IT\"] } }]", 12, "has a list of values"),
        ("a any = [{ area = [\"IT\"], not = { area = [\"IT\"] } }]", 12, "no record can ever be"),
        ("a any = [{ register = [\"proceedings\"], area = [\"IT\"] }]", 12, "no record can ever be"),
        ("a any = [{ organisation_type = [\"MUNICIPALITEE\"] }]", 12, "did you mean MUNICIPALITY?"),
        ("a any = [{ register = [\"proceedings\"], under = \"Amt\" }]", 12, "no record can ever be"),
        ("a any = [{ under = \"Amt \" }]", 12, "blanks around"),
        ("a any = [{ area = [\"IT\"] }, { not = { area = [\"POLICE\"] } }]", 10, "count a record twice"),
    ];
    for (line, at, reason) in cases {
        let error = first(parse(&work("", &format!("{TOTAL}\n{line}"))).expect_err(line));
        assert!(error.reason.contains(reason), "{line}: {error}");
        assert_eq!(error.line, *at, "{line}: {error}");
    }
}

#[test]
fn lines_that_do_not_add_up_with_others_are_refused() {
    let third = |second: &str, third: &str| {
        parse(&work("", &format!("{TOTAL}\n{second}\n{third}"))).unwrap_err().remove(0).reason
    };
    let days = "days any = [{ register = [\"cases\"] }]; measure = \"days_mean\"";
    assert!(third(days, "a sum = [\"total\", \"days\"]").contains("does not add up"));
    assert!(third(days, "a rest = { of = \"total\", less = [\"days\"] }").contains("does not add up"));
    assert!(third("h heading = true", "a share = { of = \"h\", in = \"total\" }").contains("does not add up"));
    let events = "events any = [{ register = [\"events\"] }]";
    assert!(
        third(events, "a rest = { of = \"total\", less = [\"events\"] }").contains("nothing of events is in total")
    );
    let it = "it any = [{ register = [\"cases\"], area = [\"IT\"] }]";
    assert!(third(it, "a rest = { of = \"total\", less = [\"it\", \"it\"] }").contains("take a record away twice"));
    let closed = "closed any = [{ register = [\"cases\"] }]; measure = \"closed\"";
    assert!(third(closed, "a sum = [\"total\", \"closed\"]").contains("count a record twice"));
    let guests = "guests any = [{ register = [\"events\"] }]; add = \"participants\"; unit = \"CHF\"";
    assert!(
        third(guests, "a sum = [\"total\", \"guests\"]")
            .contains("adds up total (a number without a unit) and guests (CHF)")
    );
    let amounts = work("", "total any = [{ register = [\"events\"] }]; add = \"participants\"");
    assert!(parse(&amounts).unwrap_err()[0].reason.contains("does not count what is received"));
    let heading = work("", "total heading = true");
    assert!(parse(&heading).unwrap_err()[0].reason.contains("is no number of cases"));
}

#[test]
fn what_is_left_and_what_is_not_named_are_proved_to_be_apart() {
    let lines = "it any = [{ register = [\"cases\"], area = [\"IT\"] }]
        not_it any = [{ register = [\"cases\"], not = { area = [\"IT\"] } }]
        rest rest = { of = \"total\", less = [\"it\"] }
        both sum = [\"it\", \"not_it\"]
        all sum = [\"rest\", \"it\"]
        opening any = [{ register = [\"cases\"] }]; measure = \"opening\"
        load sum = [\"opening\", \"total\"]";
    let layout = parse(&work("", &format!("{TOTAL}\n{lines}"))).unwrap();
    assert_eq!(layout.line("all").unwrap().parts(2017).count(), 2);
    let twice = format!("{TOTAL}\n{lines}\n        twice sum = [\"rest\", \"not_it\"]");
    assert!(parse(&work("", &twice)).unwrap_err()[0].reason.contains("count a record twice"));
}

#[test]
fn tables_have_titles_periods_and_names_of_their_own() {
    let starts = |starts: &str| parse(&work(&format!("period = {{ starts = \"{starts}\" }}"), TOTAL));
    assert!(!starts("04-01").unwrap().table("work").unwrap().period.is_calendar());
    for wrong in ["04-15", "2024-04-01", "april", "13-01"] {
        let error = first(starts(wrong).unwrap_err());
        assert!(
            error.line == 4 && error.reason.contains("first day of a month") && error.reason.contains("04-01"),
            "{error}"
        );
    }
    let labels = "label = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }";
    let other =
        |source: &str| format!("{}[[tables.other.lines]]\ncode = \"total\"\n{labels}\n{source}\n", work("", TOTAL));
    assert_eq!(parse(&other("any = [{ register = [\"cases\"] }]")).unwrap().tables().count(), 2);
    let error = first(parse(&other("any = [{ register = [\"events\"] }]")).unwrap_err());
    assert!(error.reason.contains("such as other.total") && error.line == 10, "{error}");
    assert!(
        parse("name = \"test\"\ntitle = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }").unwrap().total.is_none()
    );
}

#[test]
fn labels_by_years_do_not_meet_and_hold_beyond_their_ends() {
    let line = |labels: &str| {
        let text = work("", &format!("{TOTAL}; level = 1"));
        let label = "label = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nany";
        parse(&text.replace(label, &format!("labels = [{labels}]\nany")))
    };
    let of = |span: &str, de: &str| format!("{{ {span}, de = \"{de}\", fr = \"b\", it = \"c\", en = \"d\" }}");
    let read =
        line(&format!("{}, {}", of("from = 2018, to = 2021", "Alt"), of("from = 2022, to = 2023", "Neu"))).unwrap();
    let label = |year: i32| read.line("total").unwrap().label(year).get(Lang::De).to_owned();
    assert_eq!([2017, 2020, 2022, 2025].map(label), ["Alt", "Alt", "Neu", "Neu"]);
    for (labels, reason) in [
        (format!("{}, {}", of("to = 2019", "Alt"), of("from = 2019", "Neu")), "must not meet"),
        (of("from = 2020, to = 2019", "Alt"), "must not be after"),
        (format!("{}, {}", of("to = 2019", "Alt"), of("from = 2022", "Neu")), "labels has no text for 2020"),
        ("{ from = 2020, de = \"a\" }".into(), "language fr is missing"),
        (String::new(), "a text for years at least"),
    ] {
        let error = first(line(&labels).unwrap_err());
        assert!(error.reason.contains(reason), "{labels}: {error}");
    }
}

#[test]
fn all_faults_of_a_layout_come_at_once() {
    let text = work(
        "period = { starts = \"04-15\" }",
        &format!(
            "{TOTAL}; level = 7\n  a any = [{{ area = [\"ITT\"] }}, {{ kind = [\"X\"] }}]; decimals = 9\n  b sum = [\"c\"]"
        ),
    );
    let faults = parse(&text).unwrap_err();
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [4, 9, 13, 13, 14, 18], "{faults:?}");
}

#[test]
fn a_doubt_names_public_bodies_that_are_added() {
    let doubts = parse(&work("", &format!("{TOTAL}\nunits any = [{{ under = [\"Amt A\", \"Amt B\"] }}]")));
    let doubts = doubts.unwrap().bodies_side_by_side();
    assert!(
        matches!(doubts.as_slice(), [doubt] if doubt.contains("line units") && doubt.contains("Amt A, Amt B")),
        "{doubts:?}"
    );
}

#[test]
fn a_layout_may_have_some_of_the_authoritys_languages() {
    let german =
        GOOD.replace("\nfr = \"b\"\nit = \"c\"\nen = \"d\"", "").replace(", fr = \"b\", it = \"c\", en = \"d\"", "");
    let named = |languages: &str| german.replacen("total =", &format!("languages = {languages}\ntotal ="), 1);
    let layout = parse(&named("[\"de\"]")).unwrap();
    assert_eq!([Lang::De, Lang::Fr].map(|lang| layout.title.get(lang)), ["a", "a"]);
    assert!(first(parse(&german).unwrap_err()).reason.contains("language fr is missing"));
    let fault = first(parse(&named("[\"de\", \"es\"]")).unwrap_err());
    assert!(fault.line == 3 && fault.reason.contains("does not work in the language es"), "{fault:?}");
    assert!(first(parsed("total =", "languages = []\ntotal =").unwrap_err()).reason.contains("has no languages"));
}

#[test]
fn a_code_in_two_tables_is_one_figure() {
    let again = |more: &str| {
        let line = "[[tables.channels.lines]]\ncode = \"cameras\"\nlabel = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nlevel = 0\n";
        parsed("[[tables.channels.lines]]", &format!("{line}{more}\n\n[[tables.channels.lines]]"))
    };
    assert!(again("entered = true").is_ok());
    assert!(first(again("any = [{ register = [\"audits\"] }]").unwrap_err()).reason.contains("counts something else"));
    for more in ["entered = true\ncollected = { from = 2017 }", "entered = true\nprotect = false"] {
        assert!(first(again(more).unwrap_err()).reason.contains("is collected or protected otherwise"), "{more}");
    }
}

#[test]
fn many_lines_made_of_each_other_are_read_in_no_time() {
    let chain = (1..999).map(|n| format!("s{n} sum = [\"s{}\"]\n", n - 1));
    let first = format!("{TOTAL}\ns0 any = [{{ responsible = [\"P\"] }}]\n");
    let chain = work("", &std::iter::once(first).chain(chain).collect::<String>());
    assert_eq!(parse(&chain).unwrap().table("work").unwrap().lines.len(), 1000);
    let longer = format!("{chain}[[tables.work.lines]]\ncode = \"more\"\nlabel = {{ de = \"a\" }}\nheading = true\n");
    assert!(first_fault(&longer).reason.contains("a table has 1000 lines at the most"));
    // Each line is a part of two others: without what is known of it, all would be found anew two times each.
    let people = |from: usize| (from..40).map(|n| format!("\"P{n}\"")).collect::<Vec<_>>().join(", ");
    let rests = (1..40).map(|n| {
        let (before, people) = (n - 1, people(n));
        format!(
            "t{n} any = [{{ register = [\"cases\"], responsible = [{people}] }}]\n\
             s{n} rest = {{ of = \"r{before}\", less = [\"t{n}\"] }}\n\
             r{n} rest = {{ of = \"r{before}\", less = [\"s{n}\"] }}\n"
        )
    });
    let first = format!("{TOTAL}\nr0 any = [{{ register = [\"cases\"], responsible = [{}] }}]\n", people(0));
    assert!(parse(&work("", &std::iter::once(first).chain(rests).collect::<String>())).is_ok());
}

fn first_fault(text: &str) -> SourceFault {
    first(parse(text).unwrap_err())
}
