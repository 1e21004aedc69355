//! The names of all sentences; a language that lacks one does not compile.

macro_rules! table {
    ($($key:ident)*) => {
        /// The sentences of one language.
        pub struct Text { $(pub $key: &'static str),* }

        impl Text {
            /// All of them with their names.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($key), self.$key)),*]
            }
        }
    };
}

table! {
    language
    // shell
    skip_to_diagram
    skip_to_manifest
    skip_to_inspector
    skip_to_time
    settings
    light_or_dark
    keyboard_help
    not_applied
    files
    views
    view_nodes
    view_owners
    view_rollout
    view_loop
    sections
    diagram
    inspector
    open_inspector
    collapse
    all_namespaces
    legend
    close
    other_build
    engine_starts
    engine_stopped
    files_are_safe
    new_engine
    download_report
    // work panel
    manifest
    open_yaml
    documents
    will_create
    will_change
    applied
    apply
    dry_run
    changes
    fix
    problems
    line_column
    // nodes view
    control_plane
    idle
    in_queue
    reconciling
    pending_shelf
    shelf_empty
    without_node
    registry
    pulls
    coach_before
    coach_after
    coach_or
    lease
    last_heartbeat
    inspect_it
    resource
    requested
    of
    restarts
    revision
    of_revision
    add_node
    // control loop
    components
    watch
    other_controllers
    observe
    compare
    act
    wants
    sees
    life_of
    packet_write
    packet_status
    packet_other
    // owners view
    owners_empty
    desired_current
    older_revisions
    missing
    pods_missing
    updating
    // rollout view
    workloads
    rollout_empty
    simulated_time
    strip_rule
    resume_rollout
    pause_rollout
    revision_n
    undo_to
    restart
    of_available
    available
    total
    ceiling_is
    floor_is
    new_pods
    old_pods
    gone
    // inspector
    nothing_selected
    select_something
    what_will_happen
    future_apply
    future_controllers
    future_scheduler
    future_kubelet
    inspector_pages
    summary
    why
    events
    logs
    gone_by_now
    ready
    age
    node
    none_yet
    owner
    image
    message
    desired
    updated
    current
    ceiling
    floor
    strategy
    scale_to
    delete
    cordon
    uncordon
    node_down
    node_up
    pods
    same_in_kubectl
    nothing_known
    asking
    nothing_yet
    // time
    time
    playback
    play
    pause
    step
    step_back
    to_start
    to_live
    speed
    fastest
    auto_pace
    auto_short
    second
    n_seconds
    seconds
    undo
    reset
    expand_timeline
    timeline
    skipped
    lane_you
    lane_api
    lane_controllers
    lane_scheduler
    lane_kubelets
    lane_faults
    // settings
    language_label
    theme
    automatic
    light
    dark
    high_contrast
    motion
    motion_full
    motion_reduced
    plain_editor
    single_keys
    // keys
    keys_everywhere
    keys_diagram
    clear_selection
    next_region
    among_tiles
    play_or_pause
    slower_or_faster
    start_or_live
    // legend
    legend_says
    lines
    effect_to_cause
    owns
    means_unbound
    means_starting
    means_pulling
    means_unready
    means_ready
    means_crashing
    means_no_image
    means_oom
    means_error
    means_completed
    means_terminating
    means_unknown
    // narration
    you
    say_booted
    say_up
    say_request
    say_created
    say_deleted
    say_scheduled
    say_bound
    say_evicted
    say_refused
    say_pull_failed
    say_probe_ok
    say_probe_failed
    say_unschedulable
    say_pulling
    say_pulled
    say_started
    say_ready
    say_unready
    say_exited
    say_changed
    say_status
    say_synced
    say_fault
    say_gone
    many_created
    many_bound
    many_ready
    many_started
    many_gone
    say_other
}
