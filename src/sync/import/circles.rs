//! Circles of lines that name each other.

use std::collections::HashSet;

/// The lines that lie in circles, one of each, by what each line names of the others: without them no circle is left.
pub fn breaking(names: &[Vec<usize>]) -> Vec<usize> {
    let mut lines = OpenLines::of(names);
    let mut broken = Vec::new();
    for start in 0..names.len() {
        while !lines.is_done[start] {
            let line = lines.in_circle(start);
            broken.push(line);
            lines.finish(line);
        }
    }
    broken
}

/// Lines that are done or wait for others.
struct OpenLines<'n> {
    names: &'n [Vec<usize>],
    named_by: Vec<Vec<usize>>,
    /// The number of lines that each waits for.
    open: Vec<usize>,
    is_done: Vec<bool>,
}

impl OpenLines<'_> {
    fn of(names: &[Vec<usize>]) -> OpenLines<'_> {
        let mut named_by = vec![Vec::new(); names.len()];
        for (line, named) in names.iter().enumerate() {
            named.iter().for_each(|other| named_by[*other].push(line));
        }
        let open = names.iter().map(Vec::len).collect();
        let mut lines = OpenLines { names, named_by, open, is_done: vec![false; names.len()] };
        let free = (0..names.len()).filter(|line| names[*line].is_empty());
        free.for_each(|line| lines.finish(line));
        lines
    }

    /// Takes a line for done, and all that wait for nothing else then.
    fn finish(&mut self, line: usize) {
        let mut done = vec![line];
        while let Some(line) = done.pop() {
            if std::mem::replace(&mut self.is_done[line], true) {
                continue;
            }
            for other in &self.named_by[line] {
                self.open[*other] -= 1;
                done.extend((self.open[*other] == 0).then_some(*other));
            }
        }
    }

    /// A line in a circle, found by going from each line to one that it waits for.
    fn in_circle(&self, start: usize) -> usize {
        let (mut line, mut seen) = (start, HashSet::new());
        while seen.insert(line) {
            line = self.names[line].iter().copied().find(|other| !self.is_done[*other]).unwrap_or(line);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::breaking;

    #[test]
    fn one_line_of_each_circle_is_named() {
        assert!(breaking(&[vec![], vec![0], vec![1, 0]]).is_empty());
        assert_eq!(breaking(&[vec![1], vec![0]]), [0]);
        assert_eq!(breaking(&[vec![1], vec![2], vec![3], vec![1], vec![0]]), [1]);
        assert_eq!(breaking(&[vec![1, 2], vec![0], vec![0], vec![4], vec![3], vec![]]), [0, 3]);
        let long: Vec<Vec<usize>> = (0..100_000).map(|line| vec![(line + 1) % 100_000]).collect();
        assert_eq!(breaking(&long).len(), 1);
        let pairs: Vec<Vec<usize>> = (0..100_000).map(|line| vec![line ^ 1]).collect();
        assert_eq!(breaking(&pairs).len(), 50_000);
    }
}
