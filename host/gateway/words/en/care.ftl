# Pages for those who care for the box: health, journal, copies, notices.
