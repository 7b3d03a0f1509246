//! The output of a command as lines.
//! Promises: line ends, padding and what a terminal adds in between are gone; what is left is the
//! text as it was.
//! Knows nothing of what the lines say.

/// The lines of `output`, without line ends and trailing blanks. Lines of the router's log, which
/// it prints into interactive sessions, are left out.
pub(super) fn lines(output: &str) -> impl Iterator<Item = &str> {
    output.split('\n').map(|line| line.trim_end_matches(['\r', ' '])).filter(|line| !is_log(line))
}

/// Such as `17:20:06 echo: system,error,critical …`.
fn is_log(line: &str) -> bool {
    let Some((time, rest)) = line.split_once(' ') else { return false };
    let is_time = |(place, byte): (usize, u8)| match place % 3 {
        2 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    time.len() == 8 && time.bytes().enumerate().all(is_time) && rest.starts_with("echo: ")
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn line_ends_padding_and_the_log_are_taken_away() {
        let output = "  a: 1   \r\n17:20:06 echo: system,error,critical login failure\r\n\r\nb";
        assert_eq!(lines(output).collect::<Vec<_>>(), ["  a: 1", "", "b"]);
        assert_eq!(lines("17:20:0x echo: b").count(), 1, "not a time");
    }
}
