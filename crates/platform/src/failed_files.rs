//! What is said in the place of a file that did not come along, for platforms that take files with a
//! message's text.

use rialto_model::AttachmentKind;

use crate::UploadedFile;

/// Lines that tell of files begin so.
pub const FILE_SIGN: char = '📎';
/// How such a line goes on after the file's name.
const NOT_ALONG: &str = "did not come along";

/// What is said of a file that is new in an edit: none is brought to a post that is there.
pub const ADDED: &str = "📎 A file that was added by an edit did not come along";

/// A line that takes less than the room that was left for it, as `size` counts; `None` for a file that
/// came.
pub fn line(file: &UploadedFile<'_>, room: usize, size: impl Fn(&str) -> usize) -> Option<String> {
    let why = file.outcome.err()?;
    let what = match file.attachment.kind {
        AttachmentKind::Image => "picture",
        AttachmentKind::File | AttachmentKind::Snippet => "file",
    };
    let bytes = file.attachment.size.map(|size| format!(" ({})", readable(size)));
    let bytes = bytes.unwrap_or_default();
    // The line's end counts too.
    let room = room.saturating_sub(1);
    let fixed = size(&format!("{FILE_SIGN} The {what} {bytes} {NOT_ALONG}: "));
    let name = cut(&file.attachment.name, room.saturating_sub(fixed) / 2, &size);
    let why = cut(why, room.saturating_sub(fixed + size(&name)), &size);
    Some(format!("{FILE_SIGN} The {what} {name}{bytes} {NOT_ALONG}: {why}"))
}

/// Such lines of a message that is about to be edited.
pub fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with(FILE_SIGN) && line.contains(NOT_ALONG))
}

fn cut(text: &str, room: usize, size: impl Fn(&str) -> usize) -> String {
    if size(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(size("…"));
    let fits = |c: &char| {
        let takes = size(c.encode_utf8(&mut [0; 4]));
        let fits = takes <= left;
        left = left.saturating_sub(takes);
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

    const ROOM: usize = 140;

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
        let said =
            |attachment, why| line(&UploadedFile { attachment, outcome: Err(why) }, ROOM, str::len);
        assert_eq!(
            said(&short, "it is too large").as_deref(),
            Some("📎 The picture a.png (5.0 MB) did not come along: it is too large")
        );
        let long = attachment("🎉".repeat(200), AttachmentKind::File);
        let line = said(&long, &"why ".repeat(100)).unwrap();
        assert!(line.len() < ROOM, "{}", line.len());
        assert_eq!(lines_of(&format!("hi\n{line}\n📎 other")).collect::<Vec<_>>(), [line.as_str()]);
        let came = UploadedFile { attachment: &short, outcome: Ok("F1") };
        assert_eq!(super::line(&came, ROOM, str::len), None);
    }
}
