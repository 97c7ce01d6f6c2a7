//! Calls: to people who are elsewhere too, to those who are not, to everybody, to channels and groups.

use rialto_model::{Audience, MentionTarget};

use crate::{
    CONVERSATION, Sample,
    writing::{
        BR, at, bullets, everyone, heading, item, line, link, mention, p, quote, s, sample, t,
    },
};

const ANA: &str = "Ana Lima";
const BO: &str = "Bo O'Brien";
const ZOE: &str = "Zoë *Star* Łuk";

pub(crate) fn samples() -> Vec<Sample> {
    let stranger = |name: &str| mention(MentionTarget::Account("nobody".into()), name);
    let group = |name: &str| mention(MentionTarget::Group("group".into()), name);
    let channel = |id: &str, name: &str| mention(MentionTarget::Conversation(id.into()), name);
    vec![
        line("a call", [t("hi "), at(ANA), t(", ready?")]),
        line("a call alone", [at(ANA)]),
        line("a call at the beginning", [at(ANA), t(" said so")]),
        line("a call at the end", [t("ask "), at(ANA)]),
        line("a call with a genitive", [at(ANA), t("'s plan")]),
        line("a call without room", [t("("), at(ANA), t(")/"), at(BO), t("!")]),
        line("two calls beside each other", [at(ANA), at(BO)]),
        line("two calls", [at(ANA), t(" and "), at(BO), t(": look")]),
        line("the same call twice", [at(ANA), t(" "), at(ANA)]),
        line("a call behind emoji", [t("👍🏽 👨‍👩‍👧 "), at(ANA), t(" 👍")]),
        line("a call behind another script", [t("שלום "), at(ANA), t(" 你好 "), at(BO)]),
        line("a call of a name with signs", [at(ZOE), t(" is here")]),
        line(
            "a call of somebody who is not there",
            [t("ask "), stranger("Eve *Nobody* <x>"), t(".")],
        ),
        line("a call of somebody with a long name", [stranger(&"Very Long Name ".repeat(12))]),
        line("a call right to left", [t("תודה "), stranger("דנה לוי"), t(" רבה")]),
        line("a call of the channel", [everyone(Audience::Conversation, "channel"), t(" lunch")]),
        line("a call of those who are present", [everyone(Audience::Present, "here"), t(" lunch")]),
        line("a call of the team", [everyone(Audience::Team, "team"), t(" lunch")]),
        line(
            "a call of everybody and of one",
            [everyone(Audience::Conversation, "channel"), t(", "), at(ANA)],
        ),
        line("a group", [t("ask "), group("platform-team"), t(" please")]),
        line("a channel that is here too", [t("see "), channel(CONVERSATION, CONVERSATION)]),
        line("a channel that is not here", [t("see "), channel("elsewhere", "sales-emea")]),
        line("a call beside bold words", [s("b", "urgent "), at(ANA), s("b", " now")]),
        sample(
            "calls in a list",
            [bullets([item([at(ANA), t(": tests")]), item([t("docs: "), at(BO)])])],
        ),
        sample("a call in a quote", [quote([p([t("as "), at(ANA), t(" said")])]), p([t("yes")])]),
        sample("a call in a heading", [heading(2, [t("For "), at(ANA)])]),
        sample("calls on lines", [p([at(ANA), BR, at(BO)]), p([at(ANA)])]),
        line("a call in a link", [link("https://a.example", [t("plan of "), at(ANA)])]),
        line(
            "many calls",
            [at(ANA), t(" "), at(BO), t(" "), at(ANA), t(" "), at(BO), t(" "), at(ZOE)],
        ),
    ]
}
