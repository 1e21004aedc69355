//! Which plugins run, in which order, and what their scores weigh.
//!
//! Upstream: pkg/scheduler/apis/config/v1/default_plugins.go, pkg/scheduler/profile/profile.go
//! Differs: one profile, default-scheduler; plugins take no arguments but their defaults.

use super::plugins::PluginId;

pub const DEFAULT_SCHEDULER: &str = "default-scheduler";

#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    /// In the order of their turns; the weight counts where a plugin scores.
    pub plugins: Vec<(PluginId, i64)>,
}

impl Default for Profile {
    fn default() -> Self {
        let weight = |p: PluginId| match p {
            PluginId::TaintToleration => 3,
            PluginId::NodeAffinity | PluginId::PodTopologySpread | PluginId::InterPodAffinity => 2,
            _ => 1,
        };
        Profile { plugins: PluginId::ALL.iter().map(|p| (*p, weight(*p))).collect() }
    }
}

impl Profile {
    pub fn all(&self) -> impl Iterator<Item = PluginId> {
        self.plugins.iter().map(|(p, _)| *p)
    }

    pub fn filters(&self) -> impl Iterator<Item = PluginId> {
        self.all().filter(|p| p.filters())
    }

    pub fn scorers(&self) -> impl Iterator<Item = (PluginId, i64)> {
        self.plugins.iter().copied().filter(|(p, _)| p.scores())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_are_local_come_first() {
        let profile = Profile::default();
        let local: Vec<bool> = profile.filters().map(PluginId::is_local).collect();
        assert!(local.is_sorted_by(|a, b| a >= b), "{local:?}");
        assert_eq!(profile.scorers().map(|(_, weight)| weight).sum::<i64>(), 12);
    }
}
