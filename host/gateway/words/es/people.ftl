# Páginas sobre las personas: perfiles, privacidad, reglas, mudanza.
