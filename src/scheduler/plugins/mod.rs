//! The plugins, one file each, and the one list of them.
//!
//! Upstream: pkg/scheduler/framework/plugins/registry.go, pkg/scheduler/apis/config/v1/default_plugins.go
//! Differs: no NodeVolumeLimits, no GangScheduling.

use super::class::PodInfo;
use super::framework::{
    Change, Cx, CycleState, Interest, NodeNames, NodeToStatus, Nomination, Plugin, Status, Verdict,
};
use super::node_info::NodeInfo;
use crate::api::core::Pod;
use crate::client::{Tables, Turn};
use crate::sim::Stream;

/// To add one: its file here, implementing `Plugin` for a unit struct, a line in this list where its turn comes
/// (local plugins first), and its weight in profile.rs.
macro_rules! plugins {
    ($($module:ident :: $Name:ident),* $(,)?) => {
        $(pub(super) mod $module;)*

        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum PluginId {
            $($Name),*
        }

        impl PluginId {
            pub const ALL: &'static [PluginId] = &[$(PluginId::$Name),*];

            pub const fn name(self) -> &'static str {
                match self { $(PluginId::$Name => $module::$Name::NAME),* }
            }
            pub const fn is_local(self) -> bool {
                match self { $(PluginId::$Name => $module::$Name::LOCAL),* }
            }
            pub const fn filters(self) -> bool {
                match self { $(PluginId::$Name => $module::$Name::FILTERS),* }
            }
            pub const fn scores(self) -> bool {
                match self { $(PluginId::$Name => $module::$Name::SCORES),* }
            }
            pub const fn events_to_register(self) -> &'static [Interest] {
                match self { $(PluginId::$Name => $module::$Name::EVENTS_TO_REGISTER),* }
            }
        }

        plugins! { @dispatch [$($module::$Name),*]
            pre_enqueue(pod: &Pod) -> Verdict;
            pre_filter(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo) -> Result<NodeNames, Status>;
            filter(cx: &Cx, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Verdict;
            move_pod(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64) -> ();
            post_filter(
                cx: &mut Cx, rng: &mut Stream, state: &CycleState, pod: &PodInfo, statuses: &NodeToStatus
            ) -> Option<(Option<Nomination>, Status)>;
            pre_score(cx: &mut Cx, state: &mut CycleState, pod: &PodInfo, nodes: &[usize]) -> Verdict;
            score(cx: &Cx, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> i64;
            normalize(state: &CycleState, nodes: &[usize], scores: &mut [i64]) -> ();
            reserve(cx: &mut Cx, pod: &PodInfo, node: &str) -> Verdict;
            unreserve(cx: &mut Cx, pod: &PodInfo, node: &str) -> ();
            permit(cx: &mut Cx, pod: &PodInfo, node: &str) -> Verdict;
            pre_bind(t: &mut Turn, pod: &PodInfo, node: &str) -> Verdict;
            is_pre_bound(view: &Tables, pod: &PodInfo, node: &str) -> Result<bool, Status>;
            bind(t: &mut Turn, pod: &PodInfo, node: &str) -> Option<Verdict>;
            post_bind(t: &mut Turn, pod: &PodInfo, node: &str) -> ();
            queueing_hint(cx: &mut Cx, pod: &PodInfo, change: &Change) -> bool;
        }
    };
    (@dispatch $list:tt $($method:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty;)*) => {
        impl PluginId {
            $(plugins! { @one $list $method ( $($arg : $ty),* ) -> $ret })*
        }
    };
    (@one [$($module:ident :: $Name:ident),*] $method:ident $args:tt -> $ret:ty) => {
        plugins! { @fn $method $args -> $ret, $($module::$Name $args),* }
    };
    (@fn $method:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty,
        $($module:ident :: $Name:ident ( $($a:ident : $t:ty),* )),*
    ) => {
        pub fn $method(self, $($arg: $ty),*) -> $ret {
            match self { $(PluginId::$Name => $module::$Name::$method($($a),*)),* }
        }
    };
}

plugins! {
    scheduling_gates::SchedulingGates,
    priority_sort::PrioritySort,
    node_unschedulable::NodeUnschedulable,
    node_name::NodeName,
    taint_toleration::TaintToleration,
    node_affinity::NodeAffinity,
    node_ports::NodePorts,
    node_resources_fit::NodeResourcesFit,
    volume_restrictions::VolumeRestrictions,
    volume_binding::VolumeBinding,
    volume_zone::VolumeZone,
    pod_topology_spread::PodTopologySpread,
    inter_pod_affinity::InterPodAffinity,
    dynamic_resources::DynamicResources,
    default_preemption::DefaultPreemption,
    node_resources_balanced_allocation::NodeResourcesBalancedAllocation,
    image_locality::ImageLocality,
    default_binder::DefaultBinder,
}
