// Panics of Rust, by word, for make-more-reports.sh.
struct Grid {
    cells: Vec<u32>,
}

impl Grid {
    #[inline(never)]
    fn at(&self, i: usize) -> u32 {
        self.cells[i]
    }
}

#[inline(never)]
fn missing(x: Option<u32>) -> u32 {
    x.unwrap()
}

fn main() {
    let n = std::env::args().count();
    let word = std::env::args().nth(1).unwrap_or_default();
    let grid = Grid { cells: vec![0; n] };
    match word.as_str() {
        "index" => println!("{}", grid.at(n + 20)),
        "unwrap" => println!("{}", missing(grid.cells.get(99).copied())),
        "overflow" => println!("{}", 0u32 - grid.cells[0] - (n as u32)),
        "closure" => (0..n).for_each(|i| assert_eq!(grid.at(0), 7, "cell {}", i)),
        _ => {}
    }
}
