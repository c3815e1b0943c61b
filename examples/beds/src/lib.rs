//! What grows in the twelve beds of a garden: a small plugin whose page also has a picture, drawn by its own script in a
//! sandboxed frame (`static/`). Everything that the picture does, the list and the form below it do without.
wit_bindgen::generate!({
    world: "example:beds/beds",
    path: ["../../wit/host", "wit"],
    generate_all,
});

use exports::example::beds::garden::{Bed, Error, Guest};
use exports::hamlet::host::pages;
use hamlet::host::storage;

struct Plugin;

const BEDS: u8 = 12;
const CROP_LETTERS_MAX: usize = 40;

fn bed(number: u8) -> Bed {
    let row = storage::get(&[b'b', number]).ok().flatten().unwrap_or_default();
    Bed { number, crop: String::from_utf8_lossy(&row).into_owned() }
}

fn exists(number: u8) -> Result<(), Error> {
    if (1..=BEDS).contains(&number) { Ok(()) } else { Err(Error::NoSuchBed) }
}

impl Guest for Plugin {
    fn beds() -> Vec<Bed> {
        (1..=BEDS).map(bed).collect()
    }

    fn plant(number: u8, crop: String) -> Result<Bed, Error> {
        exists(number)?;
        let crop = crop.trim();
        if crop.is_empty() || crop.chars().count() > CROP_LETTERS_MAX {
            return Err(Error::CropInvalid);
        }
        let now = bed(number);
        if !now.crop.is_empty() {
            return Err(Error::Taken(now.crop));
        }
        // One key of two bytes and a value of at most 160: within every limit, so there is nothing to say if it fails.
        storage::set(&[b'b', number], crop.as_bytes()).map_err(|_| Error::CropInvalid)?;
        Ok(bed(number))
    }

    fn clear(number: u8) -> Result<Bed, Error> {
        exists(number)?;
        storage::delete(&[b'b', number]).map_err(|_| Error::NoSuchBed)?;
        Ok(bed(number))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

impl pages::Guest for Plugin {
    fn render(request: pages::Request) -> Result<pages::Page, pages::Error> {
        if !request.path.is_empty() {
            return Err(pages::Error::NotFound);
        }
        let spanish = request.locale.starts_with("es");
        let say = |english: &'static str, other: &'static str| if spanish { other } else { english };
        let mut html = format!(
            "<h-frame src=\"static/garden.html\" height=\"320\" title=\"{}\"></h-frame><p class=\"soft\">{}</p><h2>{}</h2><ul class=\"items\">",
            say("A picture of the garden", "Una imagen del huerto"),
            say("The same as a list, for whoever sees no picture:", "Lo mismo como lista, para quien no ve la imagen:"),
            say("Beds", "Bancales"),
        );
        for bed in Self::beds() {
            let crop = if bed.crop.is_empty() { say("empty", "vacío").to_owned() } else { escaped(&bed.crop) };
            html += &format!("<li class=\"item\">{} {}: {crop}</li>", say("Bed", "Bancal"), bed.number);
        }
        html += &format!(
            "</ul><section class=\"card\"><h2>{plant}</h2><form action=\"garden.plant\" return=\"./\">\
             <div class=\"item\"><label for=\"number\">{bed}</label><input id=\"number\" name=\"number\" inputmode=\"numeric\" required></div>\
             <div class=\"item\"><label for=\"crop\">{crop}</label><input id=\"crop\" name=\"crop\" maxlength=\"40\" required></div>\
             <p class=\"actions\"><button class=\"primary\">{plant}</button></p></form></section>",
            plant = say("Plant", "Plantar"),
            bed = say("Number of the bed", "Número del bancal"),
            crop = say("What grows there", "Qué crece ahí"),
        );
        let title = say("The garden beds", "Los bancales").to_owned();
        Ok(pages::Page { title, html, navigation: Vec::new() })
    }
}

export!(Plugin);
