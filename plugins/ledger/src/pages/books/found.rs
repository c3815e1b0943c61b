//! Founding a ledger: its name, its unit, how far newcomers may go.

use crate::pages::PageError;
use crate::pages::sheet::Sheet;

pub(super) fn write(sheet: &mut Sheet<'_>) -> Result<(), PageError> {
    sheet.keepers_only()?;
    sheet.title = "found";
    form(sheet);
    Ok(())
}

/// The form, for whoever keeps the books.
pub(in crate::pages) fn form(sheet: &mut Sheet<'_>) {
    sheet.markup("<section class=\"card\">").form("books.found", "./").hidden("id", "new");
    sheet.field(
        "name",
        "found-name",
        Some("found-name-help"),
        "required maxlength=\"100\" autocomplete=\"off\"",
        "",
    );
    let unit = "required minlength=\"2\" maxlength=\"12\" autocomplete=\"off\"";
    sheet.field("unit", "found-unit", Some("found-unit-help"), unit, "");
    let kinds = [
        ("mutual-credit", "kind-mutual-credit"),
        ("hours", "kind-hours"),
        ("issued", "kind-issued"),
        ("shares", "kind-shares"),
        ("voucher", "kind-voucher"),
    ];
    sheet.choice("kind", "found-kind", &kinds, "mutual-credit");
    sheet.choice("scale", "found-scale", &[("2", "scale-2"), ("1", "scale-1"), ("0", "scale-0")], "2");
    let amount = "inputmode=\"decimal\" autocomplete=\"off\"";
    sheet.field("credit", "found-credit", Some("found-credit-help"), amount, "100");
    sheet.markup("<div class=\"item\"><label class=\"row\"><input type=\"checkbox\" name=\"joining\" value=\"true\" checked> ");
    sheet.markup("<span>").say("found-joining").markup("</span></label></div>").send("found-send");
    sheet.markup("</section>");
}
