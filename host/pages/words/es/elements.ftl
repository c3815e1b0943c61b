# Lo que el propio anfitrión dice en las páginas de los complementos: elementos, formularios y valores.

language-name = Español
element-numbers = Ver los números
element-of = de
form-between = Escribe un número entero de { $low } a { $high }.
form-bytes-help = En base64url.
form-choose = Elige …
form-choose-one = Elige una de las opciones.
form-choose-yes-no = Elige sí o no.
form-id = Pega un identificador: 32 cifras y letras de la a a la f.
form-id-help = Un identificador de 32 cifras y letras.
form-letter = Escribe una letra.
form-missing = Por favor, completa este dato.
form-more-rows = Más filas
form-new-help = «new» crea uno nuevo.
form-not-negative = Escribe un número entero, no negativo.
form-not-shown = Esto necesita más de lo que un formulario puede mostrar. Usa la línea de órdenes o la API.
form-number = Escribe un número, por ejemplo 12.5.
form-optional = (opcional)
form-part = parte
form-party-help = El identificador del miembro.
form-stranger = Aquí nada se llama «{ $name }».
form-too-large = Esto es más de lo que cabe en un formulario.
form-too-many = Son demasiados.
form-unknown-function = Este formulario pide algo que no existe.
form-unreadable = Esto no se puede leer.
form-whole-number = Escribe un número entero.
form-with = Con
value-done = Hecho.
value-first-rows = sólo se muestran las primeras filas
value-no = No
value-none = nada
value-yes = Sí
month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre
date = { $day } de { $month } de { $year }
relative-now = ahora mismo
relative-minutes-ago = { $count ->
    [one] hace { $count } minuto
   *[other] hace { $count } minutos
}
relative-minutes-ahead = { $count ->
    [one] dentro de { $count } minuto
   *[other] dentro de { $count } minutos
}
relative-hours-ago = { $count ->
    [one] hace { $count } hora
   *[other] hace { $count } horas
}
relative-hours-ahead = { $count ->
    [one] dentro de { $count } hora
   *[other] dentro de { $count } horas
}
relative-days-ago = { $count ->
    [one] ayer
   *[other] hace { $count } días
}
relative-days-ahead = { $count ->
    [one] mañana
   *[other] dentro de { $count } días
}

## Números: lo que va ante la fracción, lo que va entre millares (la Academia: espacio fino), desde cuántas cifras
number-decimal = ,
number-group = {"\u202F"}
number-group-from = 5

## Escanear un código
scan = Escanear un código
scan-stop = Apagar la cámara
scan-other = También puedes abrir un código con la cámara de tu teléfono, o escribir lo que pone debajo.
scan-strange = Este código no es de esta comunidad.
scan-refused = No se puede usar la cámara. Abre el código con la cámara de tu teléfono, o escribe lo que pone debajo.

## La imagen propia de un módulo, en un marco
frame-asks = La imagen de arriba pide esto:
frame-look = Míralo
content-report = Denunciar
content-more = Más sobre esto
content-look = Lo que decía
share-text = Para pasar a otros
share-send = Compartir …
share-copy = Copiar
share-copied = Copiado
share-scan = Escanéalo con un teléfono
picture-drop = Quitar la foto
