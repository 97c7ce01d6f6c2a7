//! Emoji: as characters, by name, of a workspace's own.

use crate::{
    Sample,
    writing::{BR, emoji, line, link, named, own_emoji, p, s, sample, t},
};

pub(crate) fn samples() -> Vec<Sample> {
    vec![
        line("an emoji alone", [emoji("🎉")]),
        line("an emoji between words", [t("well "), emoji("🎉"), t(" done")]),
        line("an emoji without room", [t("well"), emoji("🎉"), t("done")]),
        line("a skin tone", [emoji("👋🏽"), t(" hi")]),
        line("a couple of two skin tones", [emoji("🧑🏻‍🤝‍🧑🏾")]),
        line("a family", [emoji("👨‍👩‍👧‍👦"), t(" home")]),
        line("a profession with a skin tone", [emoji("👩🏾‍🚀")]),
        line("a flag of two letters", [emoji("🇩🇪"), emoji("🇧🇷")]),
        line("a flag of tags", [emoji("🏴󠁧󠁢󠁥󠁮󠁧󠁿"), t(" wins")]),
        line("a flag that is joined", [emoji("🏳️‍🌈"), emoji("🏴‍☠️")]),
        line("keycaps", [emoji("1️⃣"), emoji("#️⃣"), emoji("*️⃣")]),
        line("an emoji that is new", [emoji("🫯")]),
        line("an emoji of a workspace", [t("now "), own_emoji("shipit"), t(" please")]),
        line("an emoji of a workspace with an odd name", [own_emoji("party-parrot_2+")]),
        line(
            "many emoji in a row",
            [emoji("😀"), emoji("😃"), emoji("😄"), emoji("😁"), emoji("😆")],
        ),
        line("an emoji beside bold words", [s("b", "ship"), emoji("🚢"), s("b", "it")]),
        named("emoji typed as characters", "👍 ok 👍🏿 ok ❤️ ok ❤ ok ☺︎ ok"),
        named("joined emoji typed as characters", "👩‍👩‍👧 👁️‍🗨️ 🧑🏻‍🤝‍🧑🏾 👨🏿‍💻 🏳️‍⚧️"),
        named("emoji names that are typed", ":wave: :+1::skin-tone-3: :shipit: :no_such_name:"),
        named(
            "times and ranges that look like names",
            "10:30:45 a:b:c ::1 fe80::1:2 :: std::vec::Vec",
        ),
        named("faces that are typed", ":) :-D ;-) :'( XD <3 </3 ^_^ ¯\\_(ツ)_/¯ (╯°□°)╯︵ ┻━┻"),
        named("characters that are emoji or text", "© ® ™ ‼ ⁉ ℹ ↔ ▶ ☎ ✔ 〰 ㊗ 0 9 # *"),
        named("half a flag and a tone alone", "🇩 🏽 x🏽"),
        sample("emoji over lines", [p([emoji("☀️"), BR, emoji("🌧️")]), p([emoji("❄️")])]),
        line(
            "an emoji in a link",
            [link("https://a.example/party", [emoji("🎉"), t(" the party")])],
        ),
    ]
}
