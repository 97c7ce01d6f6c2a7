//! What is said in the place of a file that did not come along.

use rialto_model::AttachmentKind;
use rialto_platform::UploadedFile;

use crate::{
    fingerprint::FILE_SIGN,
    render::{FILE_LINE, units},
};

/// How such a line goes on after the file's name.
const NOT_ALONG: &str = "did not come along";

/// A line, no longer than the room that was left for it; `None` for a file that came.
pub(crate) fn line(file: &UploadedFile<'_>) -> Option<String> {
    let why = file.outcome.err()?;
    let what = match file.attachment.kind {
        AttachmentKind::Image => "picture",
        AttachmentKind::File | AttachmentKind::Snippet => "file",
    };
    let size = file.attachment.size.map(|size| format!(" ({})", readable(size)));
    let size = size.unwrap_or_default();
    let name = &file.attachment.name;
    // The line's end counts too.
    let room = FILE_LINE - 1;
    let fixed = units(&format!("{FILE_SIGN} The {what} {size} {NOT_ALONG}: "));
    let name = cut(name, (room.saturating_sub(fixed)) / 2);
    let why = cut(why, room.saturating_sub(fixed + units(&name)));
    Some(format!("{FILE_SIGN} The {what} {name}{size} {NOT_ALONG}: {why}"))
}

/// Such lines of a message that is about to be edited.
pub(crate) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with(FILE_SIGN) && line.contains(NOT_ALONG))
}

fn cut(text: &str, room: usize) -> String {
    if units(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn readable(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use rialto_model::Attachment;

    use super::*;

    #[test]
    fn a_line_fits_its_room_whatever_the_file_is_called() {
        let attachment = |name: String, kind| Attachment {
            remote: "F".into(),
            name,
            mime: "image/png".into(),
            size: Some(5_000_000),
            kind,
        };
        let short = attachment("a.png".into(), AttachmentKind::Image);
        let said = |attachment, why| line(&UploadedFile { attachment, outcome: Err(why) });
        assert_eq!(
            said(&short, "it is too large").as_deref(),
            Some("📎 The picture a.png (5.0 MB) did not come along: it is too large")
        );
        let long = attachment("🎉".repeat(200), AttachmentKind::File);
        let line = said(&long, &"why ".repeat(100)).unwrap();
        assert!(units(&line) < FILE_LINE, "{}", units(&line));
        assert_eq!(lines_of(&format!("hi\n{line}\n📎 other")).collect::<Vec<_>>(), [line.as_str()]);
        let came = UploadedFile { attachment: &short, outcome: Ok("F1") };
        assert_eq!(super::line(&came), None);
    }
}
