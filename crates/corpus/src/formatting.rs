//! Styles, alone and in all company.

use crate::{
    Sample,
    writing::{BR, blank, line, p, s, sample, t},
};

pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = vec![
        line("bold", [t("a "), s("b", "bold"), t(" word")]),
        line("italic", [t("an "), s("i", "italic"), t(" word")]),
        line("struck through", [t("a "), s("s", "wrong"), t(" word")]),
        line("underlined", [t("an "), s("u", "underlined"), t(" word")]),
        line("code in a line", [t("call "), s("c", "free(x)"), t(" once")]),
        line("everything in bold", [s("b", "All of this matters.")]),
        line("bold in the middle of a word", [t("un"), s("b", "believ"), t("able")]),
        line("italic in the middle of a word", [t("un"), s("i", "believ"), t("able")]),
        line("struck through in the middle of a word", [t("un"), s("s", "believ"), t("able")]),
        line("code in the middle of a word", [t("the "), s("c", "Vec"), t("s")]),
        line("bold between signs", [t("("), s("b", "bold"), t("), ["), s("b", "bold"), t("]!")]),
        line("bold signs", [t("x"), s("b", "!?"), t("y "), s("b", "(b)"), t(".")]),
        line("bold with spaces at its ends", [t("a"), s("b", " bold "), t("z")]),
        line("bold beside italic", [s("b", "bold"), s("i", "italic"), s("b", "bold")]),
        line("bold within italic", [s("i", "one "), s("bi", "two"), s("i", " three")]),
        line(
            "italic within bold within struck through",
            [s("s", "a "), s("bs", "b "), s("bis", "c"), s("bs", " d"), s("s", " e")],
        ),
        line("styles that overlap", [s("b", "one "), s("bi", "two "), s("i", "three")]),
        line(
            "every other letter",
            [s("b", "r"), s("i", "a"), s("b", "n"), s("i", "s"), s("b", "o"), s("i", "m")],
        ),
        line("bold code", [t("the "), s("bc", "key"), t(" field")]),
        line("struck through code", [s("sc", "old()"), t(" → "), s("c", "new()")]),
        line("bold over a break", [s("b", "first"), BR, s("b", "second")]),
        line("bold with its own signs in it", [s("b", "2*3 ** 4*"), t(" ok")]),
        line("italic with its own signs in it", [s("i", "snake_case_ _x"), t(" ok")]),
        line("struck through with its own signs in it", [s("s", "~/.ssh ~~"), t(" ok")]),
        line("signs around bold", [t("*"), s("b", "bold"), t("* _"), s("i", "it"), t("_")]),
        line("bold emoji and words", [s("b", "🎉 party 🎉"), t(" now")]),
        line("bold right to left", [t("זה "), s("b", "חשוב מאוד"), t(" תודה")]),
        line("bold without spaces around", [t("这是"), s("b", "重要"), t("的消息")]),
        line("italic without spaces around", [t("これは"), s("i", "重要"), t("です")]),
        line("bold that ends in a colon", [s("b", "Note:"), t("read this")]),
        line("bold that ends in a bracket", [s("b", "Note (important)"), t("read this")]),
        line("bold that begins with a sign", [t("price"), s("b", "$5"), t("each")]),
        line("nothing but bold spaces", [t("a"), s("b", "   "), t("b")]),
        line("underlined and bold", [s("ub", "Agenda"), t(" for "), s("ui", "today")]),
        line("bold at both ends", [s("b", "start"), t(" middle "), s("b", "end")]),
        line("a bold letter", [t("plan "), s("b", "B"), t(".")]),
        line("a bold backslash", [s("b", "C:\\"), t("dir "), s("i", "\\")]),
        sample("bold lines", [p([s("b", "one")]), p([s("b", "two")]), blank(), p([t("three")])]),
        line("bold address", [s("b", "see https://a.example/x_y_z now")]),
    ];
    // Every set of styles, between words.
    for styles in ["bi", "bs", "bu", "is", "iu", "su", "bis", "biu", "bsu", "isu", "bisu", "bisuc"]
    {
        samples.push(line(&format!("styles {styles}"), [t("a "), s(styles, "word"), t(" z")]));
    }
    samples
}
