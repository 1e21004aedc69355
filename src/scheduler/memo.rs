//! What local plugins said of every node for the pods of one class, kept until the node changes.
//!
//! Upstream: KEP-5598, pkg/scheduler/framework/runtime/batch.go
//! Differs: upstream hands the next pod of a signature the next best node; here verdicts and raw scores are kept and the
//! rest of the cycle runs as ever, so pods with spreading and inter-pod affinity profit too, and no answer changes.

use super::cache::Cache;
use super::class::Class;
use super::framework::Status;
use super::plugins::image_locality;
use std::rc::Rc;

/// Of how many classes something is kept.
const CLASSES: usize = 8;

#[derive(Clone)]
pub struct Columns {
    class: u64,
    epoch: (usize, u64),
    /// The generation that the rest was found at; 0: never.
    pub generation: Vec<u64>,
    /// None: it passed.
    pub verdict: Vec<Option<Rc<Status>>>,
    /// `stride` raw scores for each slot, where it passed.
    pub scores: Vec<i64>,
    pub stride: usize,
}

/// The latest classes first.
#[derive(Clone, Default)]
pub struct Memo(Vec<Rc<Columns>>);

impl Memo {
    pub fn of(&mut self, cache: &Cache, class: &Class, stride: usize) -> &mut Columns {
        let epoch = image_locality::epoch(cache, class);
        let slots = cache.slots();
        let mut columns = match self.0.iter().position(|c| c.class == class.id) {
            Some(at) => self.0.remove(at),
            None => {
                self.0.truncate(CLASSES - 1);
                let (generation, verdict, scores) = (Vec::new(), Vec::new(), Vec::new());
                Rc::new(Columns { class: class.id, epoch, generation, verdict, scores, stride })
            }
        };
        let c = Rc::make_mut(&mut columns);
        if c.epoch != epoch || c.stride != stride {
            c.generation.fill(0);
            (c.epoch, c.stride) = (epoch, stride);
        }
        c.generation.resize(slots, 0);
        c.verdict.resize(slots, None);
        c.scores.resize(slots * stride, 0);
        self.0.insert(0, columns);
        Rc::make_mut(&mut self.0[0])
    }
}
