//! The chemical elements: symbol, atomic number, mean mass.

/// The largest atomic number that is known here.
pub const LAST: u8 = 103;

/// Symbols in capitals, by atomic number from 1 (H) to 103 (LR).
const SYMBOLS: [&str; 103] = [
    "H", "HE", "LI", "BE", "B", "C", "N", "O", "F", "NE", "NA", "MG", "AL", "SI", "P", "S", "CL", "AR", "K", "CA",
    "SC", "TI", "V", "CR", "MN", "FE", "CO", "NI", "CU", "ZN", "GA", "GE", "AS", "SE", "BR", "KR", "RB", "SR", "Y",
    "ZR", "NB", "MO", "TC", "RU", "RH", "PD", "AG", "CD", "IN", "SN", "SB", "TE", "I", "XE", "CS", "BA", "LA", "CE",
    "PR", "ND", "PM", "SM", "EU", "GD", "TB", "DY", "HO", "ER", "TM", "YB", "LU", "HF", "TA", "W", "RE", "OS", "IR",
    "PT", "AU", "HG", "TL", "PB", "BI", "PO", "AT", "RN", "FR", "RA", "AC", "TH", "PA", "U", "NP", "PU", "AM", "CM",
    "BK", "CF", "ES", "FM", "MD", "NO", "LR",
];

/// Standard atomic weights (IUPAC 2021, abridged), in dalton; the mass number of the longest-lived
/// isotope where an element has no stable one.
#[rustfmt::skip]
const MASSES: [f64; 103] = [
    1.008, 4.0026, 6.94, 9.0122, 10.81, 12.011, 14.007, 15.999, 18.998, 20.180, 22.990, 24.305, 26.982, 28.085, 30.974,
    32.06, 35.45, 39.95, 39.098, 40.078, 44.956, 47.867, 50.942, 51.996, 54.938, 55.845, 58.933, 58.693, 63.546, 65.38,
    69.723, 72.630, 74.922, 78.971, 79.904, 83.798, 85.468, 87.62, 88.906, 91.224, 92.906, 95.95, 97.0, 101.07, 102.91,
    106.42, 107.87, 112.41, 114.82, 118.71, 121.76, 127.60, 126.90, 131.29, 132.91, 137.33, 138.91, 140.12, 140.91,
    144.24, 145.0, 150.36, 151.96, 157.25, 158.93, 162.50, 164.93, 167.26, 168.93, 173.05, 174.97, 178.49, 180.95,
    183.84, 186.21, 190.23, 192.22, 195.08, 196.97, 200.59, 204.38, 207.2, 208.98, 209.0, 210.0, 222.0, 223.0, 226.0,
    227.0, 232.04, 231.04, 238.03, 237.0, 244.0, 243.0, 247.0, 247.0, 251.0, 252.0, 257.0, 258.0, 259.0, 262.0,
];

/// Covalent radii in angstrom by atomic number from 1 (H) to 96 (CM): Cordero et al. (2008), "Covalent radii revisited", Dalton
/// Trans. 2832, table 2; carbon is sp3, manganese, iron and cobalt are of low spin.
#[rustfmt::skip]
const COVALENT_RADII: [f64; 96] = [
    0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41, 1.21, 1.11, 1.07, 1.05, 1.02, 1.06, 2.03, 1.76,
    1.70, 1.60, 1.53, 1.39, 1.39, 1.32, 1.26, 1.24, 1.32, 1.22, 1.22, 1.20, 1.19, 1.20, 1.20, 1.16, 2.20, 1.95, 1.90, 1.75,
    1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44, 1.42, 1.39, 1.39, 1.38, 1.39, 1.40, 2.44, 2.15, 2.07, 2.04, 2.03, 2.01,
    1.99, 1.98, 1.98, 1.96, 1.94, 1.92, 1.92, 1.89, 1.90, 1.87, 1.87, 1.75, 1.70, 1.62, 1.51, 1.44, 1.41, 1.36, 1.36, 1.32,
    1.45, 1.46, 1.48, 1.40, 1.50, 1.50, 2.60, 2.21, 2.15, 2.06, 2.00, 1.96, 1.90, 1.87, 1.80, 1.69,
];

/// The atomic number of a symbol in capitals; deuterium `D` counts as hydrogen.
pub fn atomic_number(symbol: &str) -> Option<u8> {
    if symbol == "D" {
        return Some(1);
    }
    let number = *NUMBERS.get(place(symbol.as_bytes())?)?;
    (number > 0).then_some(number)
}

/// Letters of the alphabet, and none.
const LETTERS: usize = 27;

/// The atomic number at the place of each symbol, 0 where there is none: it is asked for every atom.
static NUMBERS: [u8; 26 * LETTERS] = {
    let mut numbers = [0; 26 * LETTERS];
    let mut i = 0;
    while i < SYMBOLS.len() {
        if let Some(place) = place(SYMBOLS[i].as_bytes()) {
            numbers[place] = i as u8 + 1;
        }
        i += 1;
    }
    numbers
};

/// Where a text of one or two capitals stands among all of them.
const fn place(symbol: &[u8]) -> Option<usize> {
    match *symbol {
        [a @ b'A'..=b'Z'] => Some((a - b'A') as usize * LETTERS),
        [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => Some((a - b'A') as usize * LETTERS + 1 + (b - b'A') as usize),
        _ => None,
    }
}

/// The colour by which an element is known in pictures of molecules (Corey, Pauling and Koltun's for the commonest, as
/// Jmol draws them), red, green, blue from 0 to 255; deep pink where there is none.
pub fn color(symbol: &str) -> [u8; 3] {
    match symbol {
        "H" | "D" => [255, 255, 255],
        "C" => [144, 144, 144],
        "N" => [48, 80, 248],
        "O" => [255, 13, 13],
        "F" => [144, 224, 80],
        "NA" => [171, 92, 242],
        "MG" => [138, 255, 0],
        "AL" => [191, 166, 166],
        "SI" => [240, 200, 160],
        "P" => [255, 128, 0],
        "S" => [255, 255, 48],
        "CL" => [31, 240, 31],
        "K" => [143, 64, 212],
        "CA" => [61, 255, 0],
        "MN" => [156, 122, 199],
        "FE" => [224, 102, 51],
        "CO" => [240, 144, 160],
        "NI" => [80, 208, 80],
        "CU" => [200, 128, 51],
        "ZN" => [125, 128, 176],
        "SE" => [255, 161, 0],
        "BR" => [166, 41, 41],
        "I" => [148, 0, 148],
        _ => [255, 20, 147],
    }
}

/// The symbol in capitals of an atomic number.
pub fn symbol(number: u8) -> Option<&'static str> {
    SYMBOLS.get(usize::from(number).checked_sub(1)?).copied()
}

/// The mean atomic mass in dalton of a symbol in capitals; deuterium `D` has its own.
pub fn mass(symbol: &str) -> Option<f64> {
    if symbol == "D" {
        return Some(2.014);
    }
    atomic_number(symbol).map(|number| MASSES[usize::from(number) - 1])
}

/// The covalent radius in angstrom of a symbol in capitals.
pub fn covalent_radius(symbol: &str) -> Option<f64> {
    COVALENT_RADII.get(usize::from(atomic_number(symbol)?) - 1).copied()
}

/// What the CHARMM force field calls ions.
const CHARMM_IONS: [(&[u8], &str); 7] =
    [(b"SOD", "NA"), (b"CLA", "CL"), (b"POT", "K"), (b"CAL", "CA"), (b"CES", "CS"), (b"LIT", "LI"), (b"RUB", "RB")];

/// The element of an atom whose file does not name one, from `name` as it stands in the four columns
/// of a PDB line (leading blanks kept) and the residue name; "" if it cannot be guessed.
///
/// An ion is an atom named as its residue (`CA` of residue `CA` or `CA2+` beginning in the first column);
/// everything else takes the first letter of its name, if that is H, C, N, O, P or S. Beads of
/// coarse-grained models (`SC1`, `W`) have no element.
pub fn guess(name: &[u8], resname: &[u8]) -> &'static str {
    let trimmed = name.trim_ascii();
    let is_ion = name.first().is_some_and(|b| *b != b' ') && without_charge(trimmed) == without_charge(resname);
    if is_ion && let Some(symbol) = ion(without_charge(trimmed)) {
        return symbol;
    }
    if is_bead(trimmed, b"") {
        return "";
    }
    let first = trimmed.iter().find(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_uppercase);
    match first {
        Some(b'H') => "H",
        Some(b'C') => "C",
        Some(b'N') => "N",
        Some(b'O') => "O",
        Some(b'P') => "P",
        Some(b'S') => "S",
        _ => "",
    }
}

/// Whether an atom is a bead of Martini: `BB` or `SC1` to `SC9` of an amino acid, or of no residue.
pub(crate) fn is_bead(name: &[u8], resname: &[u8]) -> bool {
    let is_named_so = matches!(name, b"BB" | [b'S', b'C', b'1'..=b'9']);
    is_named_so && (resname.is_empty() || super::select::is_protein(resname))
}

/// The element of an ion; `W` alone is a bead of water, not tungsten.
fn ion(name: &[u8]) -> Option<&'static str> {
    let capitals = name.to_ascii_uppercase();
    if let Some((_, symbol)) = CHARMM_IONS.iter().find(|(ion, _)| *ion == capitals) {
        return Some(symbol);
    }
    let number = std::str::from_utf8(&capitals).ok().filter(|t| *t != "W").and_then(atomic_number)?;
    symbol(number)
}

/// `NA+` and `CA2+` without what follows the letters.
fn without_charge(name: &[u8]) -> &[u8] {
    match name {
        [name @ .., b'+' | b'-'] => match name {
            [name @ .., b'1'..=b'4'] => name,
            _ => name,
        },
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_has_its_number_and_nothing_else_has() {
        assert!(SYMBOLS.iter().enumerate().all(|(i, symbol)| atomic_number(symbol) == Some(i as u8 + 1)));
        let all = (0..=255u8).flat_map(|a| (0..=255u8).map(move |b| [a, b]));
        let known = all.filter(|s| std::str::from_utf8(s).is_ok_and(|s| atomic_number(s).is_some())).count();
        assert_eq!(known, SYMBOLS.iter().filter(|s| s.len() == 2).count());
        assert_eq!(
            [atomic_number(""), atomic_number("Ca"), atomic_number("CAA"), atomic_number("D")],
            [None, None, None, Some(1)]
        );
    }

    #[test]
    fn numbers_and_masses_stand_at_their_elements() {
        for (symbol, number, weight) in [
            ("H", 1, 1.008),
            ("C", 6, 12.011),
            ("SE", 34, 78.971),
            ("I", 53, 126.9),
            ("U", 92, 238.03),
            ("LR", 103, 262.0),
        ] {
            assert_eq!((atomic_number(symbol), mass(symbol)), (Some(number), Some(weight)), "{symbol}");
        }
        assert_eq!((mass("D"), mass("X"), mass("c")), (Some(2.014), None, None));
        let radii = ["H", "D", "P", "I", "U", "CM", "BK"].map(covalent_radius);
        assert_eq!(radii, [Some(0.31), Some(0.31), Some(1.07), Some(1.39), Some(1.96), Some(1.69), None]);
    }

    #[test]
    fn a_calcium_is_an_atom_named_as_its_residue_in_the_first_column() {
        assert_eq!(guess(b"CA  ", b"CA"), "CA");
        assert_eq!(guess(b" CA ", b"CA"), "C");
        assert_eq!(guess(b"CA  ", b"MET"), "C");
        assert_eq!(guess(b"1HB2", b"MET"), "H");
        for (name, resname, expected) in [
            ("BB", "GLY", ""),
            ("SC1", "LYS", ""),
            ("W", "W", ""),
            ("SC1", "", ""),
            ("SC1", "LIG", ""),
            ("NA", "NA+", "NA"),
            ("CL-", "CL-", "CL"),
            ("CA", "CA2+", "CA"),
            ("SOD", "SOD", "NA"),
            ("CLA", "CLA", "CL"),
            ("SD", "MET", "S"),
        ] {
            assert_eq!(guess(name.as_bytes(), resname.as_bytes()), expected, "{name} {resname}");
        }
        assert_eq!((symbol(20), symbol(0), symbol(LAST), symbol(104)), (Some("CA"), None, Some("LR"), None));
    }
}
