//! Scripts, what they write and how they end.

use super::Stdin;
use crate::apimachinery::Str;
use crate::runtime::images::{Reference, Registry};
use crate::runtime::process::Stream;
use crate::runtime::{Container, Site, State, Volumes};
use crate::sim::Time;

struct Run {
    c: Container,
    volumes: Volumes,
}

impl Run {
    fn new(image: &str, command: &[&str]) -> Run {
        let reference = Reference::parse(image).expect("a reference");
        let c = Container::new(Str::literal("id"), Str::literal("main"), Registry::find(&reference), Time::ZERO);
        let mut run = Run { c, volumes: Volumes::new() };
        let command: Vec<Str> = command.iter().map(|w| Str::from(*w)).collect();
        run.at(0.0, |c, site| c.start(&command, &[], site)).expect("it starts");
        run
    }

    fn at<R>(&mut self, seconds: f64, f: impl FnOnce(&mut Container, &mut Site) -> R) -> R {
        let mut site = Site {
            now: Time((seconds * 1e9) as i64),
            epoch: 1_767_225_600,
            volumes: &mut self.volumes,
            mounts: &[],
            host: "pod",
            ip: "10.0.0.1",
            ports: &[],
            read_only: false,
        };
        f(&mut self.c, &mut site)
    }

    /// Lets it run until then; where it ended, when.
    fn until(&mut self, seconds: f64) -> Option<f64> {
        let end = Time((seconds * 1e9) as i64);
        while self.c.state == State::Running && self.c.wakes_at <= end {
            let at = self.c.wakes_at.as_secs_f64();
            self.at(at, |c, site| c.step(site));
        }
        self.c.exit.as_ref().map(|e| e.at.as_secs_f64())
    }

    fn log(&self) -> String {
        self.c.log.lines().map(|l| format!("{}\n", l.text)).collect()
    }

    fn code(&self) -> i32 {
        self.c.exit.as_ref().map_or(-1, |e| e.code)
    }
}

#[track_caller]
fn check(script: &str, output: &str, code: i32) {
    let mut run = Run::new("busybox", &["sh", "-c", script]);
    run.until(100.0);
    assert_eq!((run.log().as_str(), run.code()), (output, code), "{script}");
}

#[test]
fn scripts_write_what_they_should() {
    check("echo a b", "a b\n", 0);
    check("exit 3", "", 3);
    check("false", "", 1);
    check("nosuch", "sh: nosuch: not found\n", 127);
    check("x=1; x=$((x+1)); echo $x", "2\n", 0);
    check("for i in 1 2 3; do echo $i; done", "1\n2\n3\n", 0);
    check("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n", 0);
    check("i=0; until [ $i -ge 2 ]; do i=$((i+1)); echo u$i; done", "u1\nu2\n", 0);
    check("if [ a = b ]; then echo yes; elif true; then echo elif; else echo no; fi", "elif\n", 0);
    check("case abc in x) echo 1;; a*) echo 2;; *) echo 3;; esac", "2\n", 0);
    check("case q in x|y) echo 1;; *) echo other;; esac; echo end", "other\nend\n", 0);
    check("f() { echo f:$1; return 4; }; f x; echo $?", "f:x\n4\n", 0);
    check("echo $(echo in; echo side) \"$(echo 'a  b')\"", "in side a  b\n", 0);
    check("echo hello | tr a-z A-Z | rev", "OLLEH\n", 0);
    check("echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f", "one\ntwo\n", 0);
    check("cat <<EOF\nx=$((1+1))\nEOF\necho after", "x=2\nafter\n", 0);
    check("cat <<'EOF'\n$x\nEOF", "$x\n", 0);
    check("printf 'a\\nb\\n' | while read l; do echo \"<$l>\"; done", "<a>\n<b>\n", 0);
    check("true && echo and || echo or; false && echo and || echo or", "and\nor\n", 0);
    check("! true; echo $?", "1\n", 0);
    check("set -e; false; echo no", "", 1);
    check("set -e; false || echo handled; echo on", "handled\non\n", 0);
    check("(exit 3); echo $?; (x=1; exit 0); echo ${x:-unset}", "3\nunset\n", 0);
    check("x=a.tar.gz; echo ${x%.gz} ${x##*.} ${#x} ${y:=d} $y", "a.tar gz 8 d d\n", 0);
    check("for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done", "1\n3\n", 0);
    check("set -- a b 'c d'; echo $#; for a in \"$@\"; do echo $a; done", "3\na\nb\nc d\n", 0);
    check("cat /nothing; echo $?", "cat: can't open '/nothing': No such file or directory\n1\n", 0);
    check("echo x >/no/such/file; echo $?", "sh: can't create /no/such/file: nonexistent directory\n1\n", 0);
    check("trap 'echo bye' EXIT; echo hi; exit 2", "hi\nbye\n", 2);
    check("echo err >&2; echo out 2>/dev/null", "err\nout\n", 0);
    check("x=5 sh -c 'echo $x'; echo ${x:-none}", "5\nnone\n", 0);
    check("sh -c 'exit 7'; echo $?", "7\n", 0);
    check("(sleep 1; echo child) & wait; echo parent", "child\nparent\n", 0);
    check("a=1; { a=2; echo $a; } > /tmp/o; cat /tmp/o; echo $a", "2\n2\n", 0);
    check("mkdir -p /a/b && touch /a/b/c /a/b/d && ls /a/b && echo /a/b/*", "c\nd\n/a/b/c /a/b/d\n", 0);
    check("seq 3 | grep -v 2 | wc -l", "2\n", 0);
    check("echo a:b | cut -d: -f2; echo foo | sed 's/o/0/g'", "b\nf00\n", 0);
    check("echo \"`echo back`\" 'single $x' \\$y", "back single $x $y\n", 0);
    check("if true; then", "sh: syntax error: unexpected end of file (expecting \"fi\")\n", 2);
}

#[test]
fn time_passes_in_sleep_only() {
    let mut run = Run::new("busybox", &["sh", "-c", "touch /tmp/a; sleep 10; rm /tmp/a; sleep 5; exit 42"]);
    assert_eq!(run.until(9.0), None);
    assert_eq!(run.until(60.0), Some(15.0));
    assert_eq!(run.code(), 42);
    let mut run = Run::new("busybox", &["sh", "-c", "while true; do date; sleep 5; done"]);
    run.until(11.0);
    assert_eq!(run.c.log.lines().count(), 3);
    let copy = run.c.clone();
    run.until(21.0);
    assert_eq!((run.c.log.lines().count(), copy.log.lines().count()), (5, 3));
}

#[test]
fn a_loop_without_rest_does_not_stop_the_world() {
    let mut run = Run::new("busybox", &["sh", "-c", "while true; do :; done"]);
    assert_eq!(run.until(100.0), None);
}

#[test]
fn the_first_process_ignores_term_unless_it_traps_it() {
    let mut run = Run::new("busybox", &["sleep", "3600"]);
    run.until(1.0);
    run.at(1.0, |c, site| c.signal(15, site));
    assert_eq!(run.until(60.0), None);
    let mut run = Run::new("busybox", &["sh", "-c", "trap 'exit 143' TERM; while true; do sleep 0.5; done"]);
    run.until(1.2);
    run.at(1.2, |c, site| c.signal(15, site));
    assert_eq!(run.until(60.0), Some(1.5));
    assert_eq!(run.code(), 143);
    let mut run = Run::new("busybox", &["sh", "-c", "trap 'sleep 4; exit 0' TERM; while true; do sleep 0.5; done"]);
    run.until(1.2);
    run.at(1.2, |c, site| c.signal(15, site));
    assert_eq!(run.until(60.0), Some(5.5));
    let mut run = Run::new("busybox", &["sh", "-c", "trap 'echo got; exit 0' TERM; sleep 3600 & wait"]);
    run.until(2.0);
    run.at(2.0, |c, site| c.signal(15, site));
    assert_eq!((run.until(60.0), run.log().as_str()), (Some(2.0), "got\n"));
}

#[test]
fn a_command_beside_it_has_its_own_output() {
    let mut run = Run::new("busybox", &["sleep", "3600"]);
    let words: Vec<Str> = ["cat", "/tmp/x"].into_iter().map(Str::from).collect();
    let pid = run.at(1.0, |c, site| c.exec(&words, &Stdin::Nothing, site)).expect("cat is there");
    let want = "cat: can't open '/tmp/x': No such file or directory\n";
    assert_eq!(run.c.exec_result(pid), Some((1, want.to_owned())));
    assert!(run.at(1.0, |c, site| c.exec(&[Str::literal("nosuch")], &Stdin::Nothing, site)).is_err());
}

#[test]
fn a_script_may_write_a_page_and_serve_it() {
    let script = "echo hello > /usr/share/nginx/html/index.html && nginx -g 'daemon off;'";
    let mut run = Run::new("nginx", &["sh", "-c", script]);
    let answer = run.at(1.0, |c, site| c.http("GET", 80, "/", "10.0.0.9", "test", site));
    assert_eq!(answer, Some((200, "hello\n".to_owned())));
    let answer = run.at(1.0, |c, site| c.http("GET", 80, "/nope", "10.0.0.9", "test", site));
    assert_eq!(answer.map(|(code, _)| code), Some(404));
    assert_eq!(run.at(1.0, |c, site| c.http("GET", 81, "/", "10.0.0.9", "test", site)), None);
    run.at(2.0, |c, site| c.signal(15, site));
    assert_eq!(run.until(5.0), Some(2.0));
}

impl Run {
    fn exec(&mut self, argv: &[&str], stdin: Stdin) -> u32 {
        let words: Vec<Str> = argv.iter().map(|w| Str::from(*w)).collect();
        self.at(1.0, |c, site| c.exec(&words, &stdin, site)).expect("there is such a command")
    }

    fn seen(&self, pid: u32) -> (String, Option<i32>) {
        let (written, code) = self.c.exec_seen(pid).expect("it is kept");
        (written.iter().map(|(_, text)| text.as_str()).collect(), code)
    }
}

#[test]
fn a_command_reads_what_it_is_given() {
    let mut run = Run::new("busybox", &["sleep", "3600"]);
    let text = Stdin::Text(Str::literal("b\na\n"));
    let pid = run.exec(&["sort"], text.clone());
    assert_eq!(run.seen(pid), ("a\nb\n".to_owned(), Some(0)));
    let pid = run.exec(&["sh"], Stdin::Text(Str::literal("echo $((6 * 7)); exit 3")));
    assert_eq!(run.seen(pid), ("42\n".to_owned(), Some(3)));
}

#[test]
fn complaints_are_told_from_output() {
    let mut run = Run::new("busybox", &["sleep", "3600"]);
    let pid = run.exec(&["sh", "-c", "echo a; echo b >&2; ls /nowhere; ls /nowhere 2>&1"], Stdin::Nothing);
    let (written, _) = run.c.exec_seen(pid).expect("it is kept");
    let streams: Vec<Stream> = written.iter().map(|(stream, _)| *stream).collect();
    assert_eq!(streams, [Stream::Out, Stream::Err, Stream::Out], "{written:?}");
}

#[test]
fn a_shell_at_a_terminal_keeps_its_state_between_lines() {
    let mut run = Run::new("busybox", &["sleep", "3600"]);
    let pid = run.exec(&["sh"], Stdin::Terminal);
    assert_eq!(run.seen(pid), ("/ # ".to_owned(), None));
    for line in ["cd /tmp; x=5", "echo $x", "if", "sleep 100", "echo ahead"] {
        run.at(2.0, |c, site| c.exec_type(pid, Some(line), site));
    }
    let (text, code) = run.seen(pid);
    assert!(text.starts_with("/ # /tmp # 5\n/tmp # sh: ") && code.is_none(), "{text}");
    run.at(3.0, |c, site| c.exec_type(pid, None, site));
    run.at(3.0, |c, site| c.exec_type(pid, Some("exit 4"), site));
    assert_eq!(run.seen(pid).1, Some(4));
}

#[test]
fn an_interrupt_ends_what_is_no_shell() {
    let mut run = Run::new("busybox", &["sleep", "3600"]);
    let pid = run.exec(&["sleep", "60"], Stdin::Terminal);
    assert_eq!(run.seen(pid).1, None);
    run.at(2.0, |c, site| c.exec_type(pid, None, site));
    assert_eq!(run.seen(pid).1, Some(130));
}
