//! Places of labels that would otherwise lie on each other.

/// A rectangle that a label fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    /// Whether two areas have a point in common, not counting their edges.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.left + other.width
            && other.left < self.left + self.width
            && self.top < other.top + other.height
            && other.top < self.top + self.height
    }
}

impl Area {
    /// A square around a point.
    pub(super) fn around((x, y): (f64, f64), reach: f64) -> Self {
        Self {
            left: x - reach,
            top: y - reach,
            width: 2.0 * reach,
            height: 2.0 * reach,
        }
    }

    /// Whether another area is in this one.
    fn has(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && other.left + other.width <= self.left + self.width
            && other.top + other.height <= self.top + self.height
    }

    /// The middle of the area.
    pub(super) fn middle(&self) -> (f64, f64) {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }
}

/// Finds a place for a label of a size near a point: inside of `bounds` and on none of `taken`.
///
/// The nearest free one of eight directions, the right side first. Where none is free, the first one inside of `bounds`
/// that lies on no other label (`labels`), and else the right side.
pub(super) fn beside(
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    bounds: &Area,
    taken: &[Area],
    labels: &[Area],
) -> Area {
    const DIRECTIONS: [(f64, f64); 8] = [
        (1.0, 0.0),
        (-1.0, 0.0),
        (0.0, -1.0),
        (0.0, 1.0),
        (1.0, -1.0),
        (1.0, 1.0),
        (-1.0, -1.0),
        (-1.0, 1.0),
    ];
    let tries = || {
        (0..16).flat_map(|step| {
            let distance = 8.0 + 5.0 * f64::from(step);
            DIRECTIONS.map(|(dx, dy)| Area {
                left: x + dx * (distance + width / 2.0) - width / 2.0,
                top: y + dy * (distance + height / 2.0 - 3.0) - height / 2.0,
                width,
                height,
            })
        })
    };
    let clear = |area: &Area, others: &[Area]| others.iter().all(|other| !other.overlaps(area));
    tries()
        .find(|area| bounds.has(area) && clear(area, labels) && clear(area, taken))
        .or_else(|| tries().find(|area| bounds.has(area) && clear(area, labels)))
        .unwrap_or(Area {
            left: x + 8.0,
            top: y - height / 2.0,
            width,
            height,
        })
}

/// Places as near as can be to the wanted ones, in the same order, with gaps between neighbours.
///
/// `wanted` and `sizes` are middles and heights in any order; the result is in the same order. The sum of the squares of
/// the moves is the smallest possible, then all are shifted into `low` to `high`. Where they do not fit, they begin at
/// `low` and go beyond `high`.
pub(super) fn spread(wanted: &[f64], sizes: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    // With the heights of those before taken off, the places only have to rise: isotonic regression.
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(order.len());
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (position, &index) in order.iter().enumerate() {
        if position > 0 {
            offset += (sizes[order[position - 1]] + sizes[index]) / 2.0;
        }
        offsets.push(offset);
        let mut block = (wanted[index] - offset, 1);
        while let Some(&(mean, count)) = blocks.last()
            && mean > block.0
        {
            blocks.pop();
            let together = count + block.1;
            let sum = mean * count as f64 + block.0 * block.1 as f64;
            block = (sum / together as f64, together);
        }
        blocks.push(block);
    }
    let (Some(&first), Some(&last), Some(&length)) = (order.first(), order.last(), offsets.last())
    else {
        return Vec::new();
    };
    let lowest = low + sizes[first] / 2.0;
    let highest = (high - sizes[last] / 2.0 - length).max(lowest);
    let mut places = vec![0.0; wanted.len()];
    let means = blocks
        .iter()
        .flat_map(|&(mean, count)| std::iter::repeat_n(mean, count));
    for ((&index, mean), offset) in order.iter().zip(means).zip(offsets) {
        places[index] = mean.clamp(lowest, highest) + offset;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_do_not_touch_stay() {
        assert_eq!(
            spread(&[10.0, 50.0, 30.0], &[10.0; 3], 0.0, 100.0),
            [10.0, 50.0, 30.0]
        );
    }

    #[test]
    fn labels_at_one_place_move_apart_around_it() {
        assert_eq!(spread(&[50.0, 50.0], &[10.0; 2], 0.0, 100.0), [45.0, 55.0]);
        // 40, 42 and 44 have the mean 42 in the middle; 80 stays.
        assert_eq!(
            spread(&[44.0, 40.0, 42.0, 80.0], &[10.0; 4], 0.0, 100.0),
            [52.0, 32.0, 42.0, 80.0]
        );
        // Heights of 10 and 30: the middles are 20 apart.
        assert_eq!(
            spread(&[50.0, 50.0], &[10.0, 30.0], 0.0, 100.0),
            [40.0, 60.0]
        );
    }

    #[test]
    fn labels_stay_inside() {
        assert_eq!(spread(&[0.0, 1.0], &[10.0; 2], 0.0, 100.0), [5.0, 15.0]);
        assert_eq!(spread(&[99.0, 99.0], &[10.0; 2], 0.0, 100.0), [85.0, 95.0]);
        // They do not fit: from the low end on, still apart.
        assert_eq!(
            spread(&[5.0, 5.0, 5.0], &[10.0; 3], 0.0, 20.0),
            [5.0, 15.0, 25.0]
        );
        assert!(spread(&[], &[], 0.0, 1.0).is_empty());
    }

    #[test]
    fn a_label_goes_to_the_right_and_else_where_there_is_room() {
        let bounds = Area {
            left: 0.0,
            top: 0.0,
            width: 100.0,
            height: 100.0,
        };
        let at = |point, taken: &[Area]| beside(point, (20.0, 10.0), &bounds, taken, &[]).middle();
        // The middle is half of the width and 8 away.
        assert_eq!(at((50.0, 50.0), &[]), (68.0, 50.0));
        assert_eq!(at((90.0, 50.0), &[]), (72.0, 50.0));
        let right = Area::around((68.0, 50.0), 5.0);
        assert_eq!(at((50.0, 50.0), &[right]), (32.0, 50.0));
        let left = Area::around((32.0, 50.0), 5.0);
        assert_eq!(at((50.0, 50.0), &[right, left]), (50.0, 40.0));
    }

    #[test]
    fn areas_that_share_an_edge_do_not_overlap() {
        let area = |left, top| Area {
            left,
            top,
            width: 10.0,
            height: 10.0,
        };
        assert!(area(0.0, 0.0).overlaps(&area(9.0, 9.0)));
        assert!(!area(0.0, 0.0).overlaps(&area(10.0, 0.0)));
        assert!(!area(0.0, 0.0).overlaps(&area(0.0, 10.0)));
        assert!(!area(10.0, 0.0).overlaps(&area(0.0, 0.0)));
        assert!(!area(0.0, 10.0).overlaps(&area(0.0, 0.0)));
    }
}
