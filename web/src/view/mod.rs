//! The page's components, one part of the page in each file.

pub mod control_loop;
pub mod dialogs;
pub mod faults;
pub mod header;
pub mod icon;
pub mod inspector;
pub mod menu;
pub mod mobnav;
pub mod nodes;
pub mod owners;
pub mod rollout;
pub mod say;
pub mod shell;
pub mod tile;
pub mod time;
pub mod work;

pub use shell::Shell;
