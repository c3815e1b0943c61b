//! Categories: a tree of two levels whose names are in several languages, and which stewards change.
//!
//! The number says the place in the tree: 1 to 99 are the first level, and 301 to 399 are below 3. So a row knows under
//! which lists it belongs without a look at the tree.

use hamlet_sdk::{Row, Table};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::rights;
use crate::world::World;

/// Languages in which categories have names, in the order of [`Category::names`].
pub const LANGUAGES: [&str; 2] = ["en", "es"];
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 60;
/// Numbers below one of the first level.
const BELOW: u32 = 100;
/// The largest number.
const NUMBER_MAX: u32 = 99 * BELOW + 99;

/// A category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its names, one for each of [`LANGUAGES`].
    pub names: Vec<String>,
    /// Nothing new is put into it; what is there stays.
    pub retired: bool,
}

impl Row for Category {}

/// What stewards changed; all else is as in [`FIRST`].
const CHANGED: Table<u32, Category> = Table::new(12);

/// What a community begins with.
const FIRST: &[(u32, &str, &str)] = &[
    (1, "Food", "Comida"),
    (101, "Bread and baking", "Pan y repostería"),
    (102, "Fruit and vegetables", "Fruta y verdura"),
    (103, "Eggs, milk, honey", "Huevos, leche, miel"),
    (104, "Meals and preserves", "Comidas y conservas"),
    (105, "Seeds and seedlings", "Semillas y plantel"),
    (2, "Things", "Cosas"),
    (201, "Tools and machines", "Herramientas y máquinas"),
    (202, "Furniture and household", "Muebles y hogar"),
    (203, "Clothes", "Ropa"),
    (204, "Books and music", "Libros y música"),
    (205, "Toys and children's things", "Juguetes y cosas de niños"),
    (206, "Bicycles and vehicles", "Bicicletas y vehículos"),
    (207, "Building material and firewood", "Material de obra y leña"),
    (3, "Help and skills", "Ayuda y oficios"),
    (301, "Repairs", "Reparaciones"),
    (302, "Garden and field", "Huerto y campo"),
    (303, "Care and company", "Cuidados y compañía"),
    (304, "Lessons and languages", "Clases e idiomas"),
    (305, "Computers and paperwork", "Ordenadores y papeleo"),
    (306, "Health and body", "Salud y cuerpo"),
    (4, "Rides and transport", "Viajes y transporte"),
    (5, "Rooms and places", "Espacios y alojamiento"),
    (6, "Animals", "Animales"),
    (7, "Other", "Otros"),
];

fn first(number: u32) -> Option<Category> {
    let (_, english, spanish) = FIRST.iter().find(|(known, ..)| *known == number)?;
    Some(Category { names: vec![(*english).to_owned(), (*spanish).to_owned()], retired: false })
}

/// The number of the category above, of one on the second level.
#[must_use]
pub const fn above(number: u32) -> Option<u32> {
    if number >= BELOW { Some(number / BELOW) } else { None }
}

/// A category.
///
/// # Errors
/// When the rows cannot be read.
pub fn get(world: &impl World, number: u32) -> Result<Option<Category>, Error> {
    Ok(CHANGED.get(world.db(), &number)?.or_else(|| first(number)))
}

/// All of them, each behind the one above it.
///
/// # Errors
/// When the rows cannot be read.
pub fn all(world: &impl World) -> Result<Vec<(u32, Category)>, Error> {
    let mut all: Vec<(u32, Category)> =
        FIRST.iter().filter_map(|(number, ..)| Some((*number, first(*number)?))).collect();
    for row in CHANGED.scan().iter(world.db()) {
        let (number, changed) = row?;
        match all.iter_mut().find(|(known, _)| *known == number) {
            Some((_, category)) => *category = changed,
            None => all.push((number, changed)),
        }
    }
    all.sort_by_key(|(number, _)| (above(*number).unwrap_or(*number), *number));
    Ok(all)
}

/// Sets a category: a new one, or another name or end of one that is there.
///
/// # Errors
/// [`Error::StewardsOnly`]; [`Error::Title`] for names that are empty or too long; [`Error::Category`] for a number that
/// has no place in the tree.
pub fn set(world: &impl World, number: u32, names: Vec<String>, retired: bool) -> Result<(), Error> {
    rights::stewards_only(world)?;
    let good = |name: &String| !name.trim().is_empty() && name.len() <= NAME_BYTES_MAX;
    if names.len() != LANGUAGES.len() || !names.iter().all(good) {
        return Err(Error::Title);
    }
    let has_place = match above(number) {
        None => number > 0,
        Some(above) => number <= NUMBER_MAX && !number.is_multiple_of(BELOW) && get(world, above)?.is_some(),
    };
    if !has_place {
        return Err(Error::Category);
    }
    Ok(CHANGED.put(world.db(), &number, &Category { names, retired })?)
}

impl Category {
    /// Its name in a language; the first one where it has none in that.
    #[must_use]
    pub fn name(&self, locale: &str) -> &str {
        let language = locale.split('-').next().unwrap_or_default();
        let at = LANGUAGES.iter().position(|known| *known == language).unwrap_or_default();
        self.names.get(at).or(self.names.first()).map_or("", String::as_str)
    }
}
