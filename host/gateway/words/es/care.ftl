# Páginas para quienes cuidan la caja: salud, diario, copias, avisos.
