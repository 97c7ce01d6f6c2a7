//! What is said in the place of a file that did not come along, for platforms that take files with a
//! message's text.

use rialto_model::AttachmentKind;

use crate::{HeldFile, UploadedFile};

/// Lines that tell of files begin so.
pub const FILE_SIGN: char = '📎';
/// How such a line goes on after the file's name.
const NOT_ALONG: &str = "did not come along";

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

/// Such lines of a message that is about to be edited, of files that it goes on to have. They stand
/// below what it says, which may have such a line too.
pub fn lines_that_stay<'a>(text: &'a str, files: &[HeldFile]) -> Vec<&'a str> {
    let failed: Vec<_> = files.iter().filter(|file| !file.came).collect();
    let is_line = |line: &&str| line.starts_with(FILE_SIGN) && line.contains(NOT_ALONG);
    let lines: Vec<&str> = text.lines().filter(is_line).collect();
    let last = |count| lines.get(lines.len() - count..).unwrap_or_default();
    if lines.len() < failed.len() {
        // Others were taken away before.
        let stay = failed.iter().filter(|file| file.stays).count();
        return last(stay.min(lines.len())).to_vec();
    }
    let ours = last(failed.len()).iter().zip(failed);
    ours.filter(|(_, file)| file.stays).map(|(line, _)| *line).collect()
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
        let came = UploadedFile { attachment: &short, outcome: Ok("F1") };
        assert_eq!(super::line(&came, ROOM, str::len), None);
    }

    #[test]
    fn a_line_stays_as_long_as_the_message_has_the_file() {
        let said = |name: &str| format!("📎 The file {name} did not come along: why");
        let (theirs, one, two) = (said("typed"), said("one"), said("two"));
        let text = format!("hi\n{theirs}\n📎 other\n{one}\n{two}");
        let stays = |one, two| {
            let file = |came, stays| HeldFile { came, stays };
            let files = [file(false, one), file(true, true), file(false, two)];
            lines_that_stay(&text, &files)
        };
        assert_eq!(stays(true, true), [&one, &two]);
        assert_eq!(stays(false, true), [&two]);
        assert_eq!(stays(false, false), Vec::<&str>::new());
        assert_eq!(lines_that_stay(&text, &[]), Vec::<&str>::new());
        // Once more, when it was done and nobody knows.
        let file = |stays| HeldFile { came: false, stays };
        assert_eq!(lines_that_stay(&two, &[file(false), file(true)]), [&two]);
    }
}
