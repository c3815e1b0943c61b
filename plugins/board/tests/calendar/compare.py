"""What `compare` runs."""

import datetime
import json
import sys
import zoneinfo

import icalendar
import recurring_ical_events

UTC = datetime.timezone.utc


def at(micros):
    return datetime.datetime.fromtimestamp(micros // 1_000_000, UTC)


def expanded(rule):
    """The times of a rule, as the other library counts them."""
    zone = zoneinfo.ZoneInfo(rule["zone"])
    start = datetime.datetime.fromisoformat(rule["start"]).replace(tzinfo=zone)
    until = ""
    if rule["until"]:
        last = datetime.datetime.fromisoformat(rule["until"]).replace(hour=23, minute=59, second=59, tzinfo=zone)
        until = f";UNTIL={last.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    event = icalendar.Event()
    event.add("uid", "1")
    event.add("dtstart", start)
    event.add("duration", datetime.timedelta(minutes=rule["minutes"]))
    event.add("rrule", icalendar.vRecur.from_ical(rule["rule"] + until))
    for day in rule["except"]:
        event.add("exdate", datetime.datetime.combine(datetime.date.fromisoformat(day), start.timetz()))
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    found, seen = [], recurring_ical_events.of(calendar)
    begin = at(rule["from"])
    # Year by year, until there are enough.
    for year in range(0, 120):
        span = datetime.timedelta(days=365)
        for one in seen.between(begin + year * span, begin + (year + 1) * span):
            time = one["dtstart"].dt.astimezone(UTC)
            end = time + datetime.timedelta(minutes=rule["minutes"])
            if end > begin:
                found.append((time, end))
        found = sorted(set(found))
        if len(found) >= rule["most"] or year > 30 and len(found) >= len(rule["found"]):
            break
    return found[:rule["most"]]


def main():
    given = json.load(sys.stdin)
    compared = 0
    wrong = []
    for rule in given["rules"]:
        ours = [(at(start), at(end)) for start, end in rule["found"]]
        theirs = expanded(rule)
        ours = ours[:len(theirs)] if len(theirs) < len(ours) and not rule["until"] else ours
        compared += len(ours)
        if ours != theirs:
            first = next(i for i in range(max(len(ours), len(theirs))) if ours[i:i + 1] != theirs[i:i + 1])
            wrong.append((rule["zone"], rule["start"], rule["rule"], rule["until"], ours[first:first + 2], theirs[first:first + 2]))
    for line in wrong[:20]:
        print(*line, sep="\n    ")
    print(f"{len(given['rules'])} rules, {compared} times compared, {len(wrong)} rules differ")
    calendar = icalendar.Calendar.from_ical(given["feed"])
    events = [part for part in calendar.walk() if part.name == "VEVENT"]
    assert calendar["version"] == "2.0" and calendar["prodid"], calendar
    assert len({event["uid"] for event in events}) == len(events) > 100
    for event in events:
        assert not event.errors, event.errors
        assert event["dtend"].dt > event["dtstart"].dt and event["dtstamp"].dt.tzinfo is not None
        assert event["dtstart"].dt.astimezone(zoneinfo.ZoneInfo("Europe/Madrid")).hour == 20
        assert str(event["location"]) == "Square, 1" and str(event["description"]).startswith("é")
    titles = {str(event["summary"]) for event in events}
    assert titles == {"Harvest; day, \\ all", 'Añada "nueva" 🎉', "A\nBEGIN:VEVENT"}, titles
    print(f"{len(events)} events of a feed read")
    sys.exit(bool(wrong))


main()
