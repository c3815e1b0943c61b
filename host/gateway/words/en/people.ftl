# Pages about people: profiles, privacy, rules of the ground, moving in.
