//! Placeholder until the real module lands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Hash)]
pub struct Time(i64);
impl Time {
    pub fn from_unix(s: i64) -> Time {
        Time(s)
    }
    pub fn unix(&self) -> i64 {
        self.0
    }
}
impl std::str::FromStr for Time {
    type Err = String;
    fn from_str(s: &str) -> Result<Time, String> {
        jiff::Timestamp::from_str(s).map(|t| Time(t.as_second())).map_err(|e| e.to_string())
    }
}
impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", jiff::Timestamp::from_second(self.0).unwrap_or_default())
    }
}
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug, Hash)]
pub struct MicroTime(i64);
impl MicroTime {
    pub fn from_unix_micros(s: i64) -> MicroTime {
        MicroTime(s)
    }
}
impl std::str::FromStr for MicroTime {
    type Err = String;
    fn from_str(s: &str) -> Result<MicroTime, String> {
        jiff::Timestamp::from_str(s).map(|t| MicroTime(t.as_microsecond())).map_err(|e| e.to_string())
    }
}
impl std::fmt::Display for MicroTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.6}", jiff::Timestamp::from_microsecond(self.0).unwrap_or_default())
    }
}
pub fn human_duration(secs: i64) -> String {
    format!("{secs}s")
}
