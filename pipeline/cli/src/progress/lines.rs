use clika_base::types::Progress;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The first line comes sooner, so that a log shows early that all is well.
const FIRST: Duration = Duration::from_secs(10);
/// Whoever asks for a line a day, as tests do, wants none after ten seconds.
const DAY: Duration = Duration::from_secs(86_400);

/// A line now and then, for logs: how much is done, how fast, and how long the rest will take.
///
/// Stages share their lines: many short ones in a row say as much as one long one.
pub struct ProgressLines<Clock, Out> {
    every: Duration,
    clock: Clock,
    out: Out,
    state: Mutex<State>,
}

struct State {
    /// When the next line is due.
    next: Duration,
    stage: Option<Stage>,
}

struct Stage {
    what: String,
    total: u64,
    done: u64,
    begun: Duration,
    /// When the last line was written, or the stage began, and what was done then.
    last: (Duration, u64),
}

impl<Clock: Fn() -> Duration, Out: Fn(&str)> ProgressLines<Clock, Out> {
    /// Writes to `out` what a line says, `every` so often by the `clock`.
    pub fn new(every: Duration, clock: Clock, out: Out) -> Self {
        let first = if every < DAY { every.min(FIRST) } else { every };
        let next = clock() + first;
        Self {
            every,
            clock,
            out,
            state: Mutex::new(State { next, stage: None }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Clock: Fn() -> Duration, Out: Fn(&str)> Progress for ProgressLines<Clock, Out> {
    fn start(&self, total: u64, what: &str) {
        let now = (self.clock)();
        self.state().stage = Some(Stage {
            what: what.to_owned(),
            total,
            done: 0,
            begun: now,
            last: (now, 0),
        });
    }

    fn step(&self, detail: &str) {
        let mut state = self.state();
        let State { next, stage } = &mut *state;
        let Some(stage) = stage else { return };
        stage.done += 1;
        let now = (self.clock)();
        if now < *next {
            return;
        }
        (self.out)(&stage.line(detail, now));
        stage.last = (now, stage.done);
        *next = now + self.every;
    }

    fn note(&self, text: &str) {
        (self.out)(&format!("note: {text}"));
    }

    fn finish(&self) {
        let Some(stage) = self.state().stage.take() else {
            return;
        };
        // Of a stage that a line has spoken of.
        if stage.last.1 > 0 && stage.last.1 < stage.done {
            let took = time((self.clock)().saturating_sub(stage.begun));
            (self.out)(&format!(
                "{}: {} of {} in {took}",
                stage.what, stage.done, stage.total
            ));
        }
    }
}

impl Stage {
    fn line(&self, detail: &str, now: Duration) -> String {
        let mut line = format!("{}: {} of {}", self.what, self.done, self.total);
        if !detail.is_empty() && detail != self.what {
            line += &format!(", {detail}");
        }
        // As fast as since the last line: what was kept from an earlier run takes no time, and comes first.
        let (since, before) = self.last;
        let steps = (self.done - before) as f64;
        let seconds = now.saturating_sub(since).as_secs_f64();
        if steps > 0.0 && seconds > 0.0 {
            let rate = steps / seconds;
            let left = self.total.saturating_sub(self.done) as f64 / rate;
            let left = time(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX));
            let pace = if rate >= 1.0 {
                format!("{rate:.1} a second")
            } else {
                format!("{:.1} s each", 1.0 / rate)
            };
            line += &format!("; {pace}, {left} left");
        }
        line
    }
}

/// `45 s`, `3 min 20 s`, `2 h 5 min`.
fn time(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_millis() >= 500);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {} min", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// What is written when time passes as told.
    struct Scene {
        now: Cell<u64>,
        said: RefCell<Vec<String>>,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                now: Cell::new(0),
                said: RefCell::default(),
            }
        }

        fn lines(&self, every: u64) -> ProgressLines<impl Fn() -> Duration, impl Fn(&str)> {
            ProgressLines::new(
                Duration::from_secs(every),
                || Duration::from_secs(self.now.get()),
                |line| self.said.borrow_mut().push(line.to_owned()),
            )
        }

        fn wait(&self, seconds: u64) {
            self.now.set(self.now.get() + seconds);
        }
    }

    #[test]
    fn a_long_stage_says_now_and_then_how_far_it_is() {
        let scene = Scene::new();
        let lines = scene.lines(30);
        lines.start(200, "steps");
        // A step in two seconds: the first line after 10 s, then one in 30 s.
        for number in 0..37 {
            scene.wait(2);
            lines.step(&format!("loss {number}.5"));
        }
        assert_eq!(
            *scene.said.borrow(),
            [
                // By hand: 195 steps of 2 s are left, then 180 and 165.
                "steps: 5 of 200, loss 4.5; 2.0 s each, 6 min 30 s left",
                "steps: 20 of 200, loss 19.5; 2.0 s each, 6 min 0 s left",
                "steps: 35 of 200, loss 34.5; 2.0 s each, 5 min 30 s left",
            ]
        );
        lines.finish();
        assert_eq!(
            scene.said.borrow().last().unwrap(),
            "steps: 37 of 200 in 1 min 14 s"
        );
    }

    #[test]
    fn the_rate_is_that_since_the_last_line() {
        let scene = Scene::new();
        let lines = scene.lines(10);
        lines.start(1000, "items");
        // Kept answers come at once.
        (0..100).for_each(|_| lines.step("xgeo de"));
        scene.wait(10);
        lines.step("xgeo de");
        for _ in 0..20 {
            lines.step("xgeo en");
        }
        scene.wait(10);
        lines.step("xgeo en");
        assert_eq!(
            *scene.said.borrow(),
            [
                // By hand: 899 at 10.1 a second, then 878 at 2.1 a second.
                "items: 101 of 1000, xgeo de; 10.1 a second, 1 min 29 s left",
                "items: 122 of 1000, xgeo en; 2.1 a second, 6 min 58 s left",
            ]
        );
    }

    #[test]
    fn short_work_is_silent_and_many_short_stages_are_not() {
        let scene = Scene::new();
        let lines = scene.lines(30);
        for stage in 0..9 {
            lines.start(3, &format!("stage {stage}"));
            for _ in 0..3 {
                scene.wait(1);
                lines.step("");
            }
            lines.finish();
        }
        // 27 seconds: one line, after 10.
        assert_eq!(
            *scene.said.borrow(),
            [
                "stage 3: 1 of 3; 1.0 a second, 2 s left",
                "stage 3: 3 of 3 in 3 s"
            ]
        );
    }

    #[test]
    fn notes_are_written_at_once_also_outside_of_a_stage() {
        let scene = Scene::new();
        let lines = scene.lines(30);
        lines.note("one");
        lines.step("in no stage");
        lines.finish();
        lines.start(1, "steps");
        lines.note("two");
        assert_eq!(*scene.said.borrow(), ["note: one", "note: two"]);
    }

    #[test]
    fn without_an_interval_every_step_is_a_line_and_no_time_is_no_rate() {
        let scene = Scene::new();
        let lines = scene.lines(0);
        lines.start(2, "layers");
        lines.step("layers");
        lines.step("head");
        lines.finish();
        assert_eq!(
            *scene.said.borrow(),
            ["layers: 1 of 2", "layers: 2 of 2, head"]
        );
    }

    #[test]
    fn times_are_in_two_units_at_most() {
        let of = |millis| time(Duration::from_millis(millis));
        assert_eq!(of(400), "0 s");
        assert_eq!(of(59_400), "59 s");
        assert_eq!(of(59_500), "1 min 0 s");
        assert_eq!(of(3_600_000), "1 h 0 min");
        assert_eq!(of(90_061_000), "25 h 1 min");
    }
}
