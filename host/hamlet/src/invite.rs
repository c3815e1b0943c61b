//! `hamlet member invite`: a link by which a member who is in already, for example by `hamlet init`, signs in with a
//! browser and then chooses how she signs in from now on.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use serde_json::json;

use crate::client::Client;
use crate::community::CommunityFile;
use crate::door::Door;
use crate::session::Session;
use crate::token::hash_as_json;
use crate::{member, output, setup};

/// How long the link is good.
const GOOD_FOR: Duration = Duration::from_hours(24);

/// Makes the link and prints it.
///
/// With a token of hers at hand it is she who asks, which she may until she has a password or a passkey. Else it is
/// whoever the door admits: a steward for who never had a token, the holder of the box for anybody.
pub fn run(home: &Path, door: Door, handle: &str) -> Result<()> {
    let session = Session::load(home)?;
    let door = match door {
        Door::Http(_) if session.tokens.contains_key(handle) => {
            Door::Http(Client::new(&session, Some(handle))?)
        }
        door => door,
    };
    let person = member::find(&door, handle)?;
    let secret = hamlet_gateway::new_link().map_err(|error| anyhow!("no randomness: {error}"))?;
    let expires = (SystemTime::now() + GOOD_FOR).duration_since(UNIX_EPOCH)?.as_micros();
    let order = json!({
        "hash": hash_as_json(hamlet_identity::hash(&secret)), "label": handle, "uses": 1, "groups": [],
        "expires": expires.to_string(), "person": person,
    });
    door.must("invitations", "create", &json!({ "order": order }))?;
    output::say(&format!("Good for one day and once, for {handle} alone:"));
    for base in bases(home, &session)? {
        output::say(&format!("    {base}/join/{secret}"));
    }
    if matches!(door, Door::Console(_)) {
        output::say("The host does not run: start it with `hamlet run` before you open the link.");
    }
    Ok(())
}

/// Where browsers reach this community, best first.
fn bases(home: &Path, session: &Session) -> Result<Vec<String>> {
    let file = CommunityFile::load(home)?;
    let Some(https) = file.https else {
        // By the name that chooses the community, and that browsers give passkeys to.
        return Ok(vec![format!("http://{}:{}", session.host, file.listen.port())]);
    };
    let reached = setup::addresses(https).into_iter().map(|ip| SocketAddr::new(ip, https.port()));
    Ok(reached.map(|address| format!("https://{address}")).collect())
}
