//! Scripts, directions, and characters of several code points.

use crate::{Sample, writing::named};

pub(crate) fn samples() -> Vec<Sample> {
    vec![
        named("latin", "Hello, everybody. How are you?"),
        named("latin with marks", "Žluťoučký kůň, façade, naïve, Ångström, İstanbul, ĳsvogel"),
        named("german", "Straße, GROẞ, Übermaß – „so“ und ‚anders‘"),
        named("marks that stand alone", "e\u{301} n\u{303} o\u{308} versus é ñ ö"),
        named("vietnamese", "Tiếng Việt: Nghiêng, ngã, ở đây — Ệ Ỗ Ữ"),
        named("greek and cyrillic", "Ελληνικά: ΐ ΰ ᾳ. Русский: ёлка, щи. Українська: їжак, ґанок"),
        named("hebrew", "שלום לכולם, מה שלומכם?"),
        named("hebrew with points", "בְּרֵאשִׁית בָּרָא אֱלֹהִים"),
        named("arabic", "مرحبا بالجميع، كيف حالكم؟"),
        named("persian with a joint that separates", "می\u{200c}خواهم کتاب\u{200c}ها را بخوانم"),
        named("urdu", "آپ کیسے ہیں؟ میں ٹھیک ہوں۔"),
        named("right to left with latin in it", "הקובץ README.md נמצא ב-GitHub (גרסה 2.0)"),
        named("latin with right to left in it", "The word שלום means peace, and سلام too."),
        named("right to left with numbers", "السعر 1,250.50 دولار (٪15 خصم)"),
        named("right to left on each line", "שורה ראשונה\nשורה שנייה\nline three"),
        named(
            "marks of direction",
            "a\u{200e}b\u{200f}c \u{202a}left\u{202c} \u{202b}right\u{202c}",
        ),
        named(
            "isolated directions",
            "\u{2067}שלום\u{2069} and \u{2066}left\u{2069} and \u{2068}first\u{2069}",
        ),
        named("a direction that is turned", "report\u{202e}fdp.exe\u{202c} is no document"),
        named("chinese", "大家好，今天天气怎么样？「引用」《书名》"),
        named("japanese", "こんにちは、ｶﾀｶﾅとカタカナ。〜ー・「括弧」"),
        named("korean", "안녕하세요 여러분. 한글 \u{1112}\u{1161}\u{11ab}"),
        named("characters beyond the first plane", "𠮷野家 𝕬𝖑𝖕𝖍𝖆 𐍈 🀄"),
        named("hindi with joints", "क्\u{200d}ष और क्ष, नमस्ते दुनिया"),
        named("bengali tamil thai", "নমস্কার வணக்கம் สวัสดีครับ ก็ ำ"),
        named("tibetan khmer burmese", "བཀྲ་ཤིས། សួស្តី မင်္ဂလာပါ"),
        named(
            "marks upon marks",
            "Z\u{335}\u{321}\u{353}\u{30a}a\u{335}\u{30a}l\u{336}\u{31b}g\u{334}\u{316}o\u{335}\u{309}!",
        ),
        named("a mark without a letter", "\u{301}first and \u{308}here"),
        named("a single letter", "x"),
        named("a single sign", "?"),
        named("digits alone", "1234567890"),
        named("private characters", "logo: \u{e000} \u{f8ff}"),
        named("a character that could not be read", "caf\u{fffd} latte"),
        named("fractions and powers", "½ + ¼ = ¾, x² ≤ y³, 10 ㎞, ℃, №5, ﬁne"),
        named("arrows and drawings", "→ ⇒ ↔ ┌─┐ │x│ └─┘ ▓▒░ ★☆ ✓✗"),
        named("money", "€10 £5 ¥300 ₹99 ₿0.1 $20"),
        named("quotation marks of all kinds", "\"a\" 'b' “c” ‘d’ «e» ‹f› „g“ `h´ 「i」"),
        named("dashes of all kinds", "a-b a‐b a‑b a–b a—b a―b a−b"),
    ]
}
