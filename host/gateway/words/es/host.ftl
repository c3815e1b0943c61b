# Lo que dicen las páginas propias del anfitrión.

## El marco de cada página
skip-to-content = Ir al contenido
way-around = Páginas
home = Inicio
menu = Menú
members = Miembros
invitations = Invitaciones
language = Idioma
choose = Elegir
for-developers = Para desarrolladores
back = Volver
more = Más
save = Guardar
change = Cambiar
set-up = Configurar
remove = Quitar
go-on = Continuar
print = Imprimir
copy = Copiar
copied = Copiado
or = o
host-failed = Algo falló en el anfitrión. Inténtalo otra vez; si sigue así, avisa a una persona administradora.
too-late = Esto tardó demasiado o ya se hizo. Empieza de nuevo.
not-done = Esto no se hizo

## Negativas
refused = Esto fue rechazado ({ $case }).
refused-handle-taken = Alguien ya tiene este nombre corto. Elige otro.
refused-handle-invalid = Un nombre corto tiene de 2 a 32 letras de la a a la z, cifras y guiones, y no empieza ni termina con guion.
refused-name-invalid = Hace falta un nombre, de 200 letras como máximo.
refused-invitation-expired = Esta invitación ha caducado. Pide una nueva.
refused-invitation-used-up = Esta invitación ya se usó. Pide una nueva.
refused-invitation-unknown = Esta invitación no se conoce aquí. Quizá fue retirada; pide una nueva.
refused-has-credentials = Esta persona ya puede entrar. Una sola persona administradora no puede dar a otra una nueva forma de entrar.
refused-last-way-in = Es tu única forma de entrar. Añade otra antes.
refused-denied = No puedes hacer esto.
refused-busy = Demasiadas personas están haciendo esto ahora mismo. Espera un momento e inténtalo otra vez.

## Inicio
hello = Hola, { $name }
no-way-in = Todavía no tienes cómo volver a entrar. Añade una forma ahora, o te quedarás fuera cuando este navegador te olvide.
only-steward-you = Eres la única persona administradora. Si pierdes tu forma de entrar, dos miembros juntos tendrán que dejarte volver. Pide a alguien de confianza que lo sea también.
only-steward = Esta comunidad tiene una sola persona administradora. Si se pierde, dos miembros juntos pueden dejar entrar a otra.
no-plugins-title = Todavía no hay nada instalado
no-plugins-steward = Lo que hace una comunidad lo hacen los complementos: su dinero, sus decisiones, su comida. Instala el primero.
no-plugins-member = Todavía no se ha instalado nada.
members-about = Quién está aquí.
invitations-about = Deja entrar a gente con un enlace o un código QR.
me-about = Tu nombre, cómo entras, dónde has entrado.
stranger-lead = Aquí la comunidad guarda lo que acordó, lo que tiene y lo que debe. Funciona en una caja propia.
stranger-invitation = ¿Es tu primera vez? Se entra con una invitación: pide un enlace a una persona administradora.
unfounded-title = Aquí todavía no vive nadie
unfounded-lead = Quien puso en marcha este anfitrión ve un enlace en su pantalla. Abre ese enlace para fundar la comunidad.

## Una demostración
demo-banner-title = Demostración
demo-banner = Esto es una demostración. Aquí nadie es real, y todo se borra cuando empieza de nuevo.
demo-look-around = Mira alrededor como
demo-be = Ser { $handle }
demo-tour = Las tres tarjetas
demo-tour-title = Tres cosas que probar
demo-tour-end = ¿Ya has visto bastante?
demo-card = Tarjeta { $number }
demo-as = Hazlo como { $handle }
demo-lead = Cada tarjeta es un paso que das tú. Con pulsar una vez entras, sin contraseña; la línea de arriba de cada página te trae de vuelta.
demo-own = Empezar la mía
demo-own-lead = Una comunidad propia es un programa en una caja que cuidáis vosotros. Lleva una tarde, no un servidor.
demo-own-box = Un ordenador que se quede encendido: basta un portátil viejo, o la máquina en la que corre esta demostración.
demo-own-command = En un terminal, en la carpeta en la que se inició la demostración, escribe esto:
demo-own-link = Muestra un enlace, un código y una huella. Abre el enlace en tu teléfono: la página pregunta un nombre, cómo entras y a quién invitas. El terminal ya no hace falta.
demo-own-stop = Detén antes la demostración: las dos escuchan en el mismo puerto. Nada de la demostración pasa a la tuya.

## Entrar
sign-in = Entrar
sign-out = Salir
handle = Nombre corto
handle-help = Con él te encuentran y entras: letras de la a a la z, cifras y guiones. No es secreto.
password = Contraseña
sign-in-passkey = Entrar con una llave de acceso
sign-in-passkey-named = ¿No se encuentra tu llave? Escribe primero tu nombre corto aquí abajo y pulsa esto otra vez.
sign-in-recovery = No puedo entrar: usar un código de recuperación
sign-in-wrong = El nombre, la contraseña o el código no son correctos.
sign-in-too-many = { $count ->
    [one] Demasiados intentos. Espera un segundo y vuelve a intentarlo.
   *[other] Demasiados intentos. Espera { $count } segundos y vuelve a intentarlo. Un navegador en el que ya habías entrado no tiene que esperar por otros.
}
code = Código
code-title = Un paso más
code-help = Las seis cifras que muestra tu aplicación de autenticación, o uno de tus códigos de recuperación.
code-wrong = Este código no es correcto. Los códigos de una aplicación valen treinta segundos y una sola vez.
recovery-title = Usar un código de recuperación
recovery-lead = Toma uno de los códigos que imprimiste. Sirve una vez; después vuelves a configurar cómo entras.
recovery-code = Código de recuperación
recovery-none = ¿No te quedan códigos? Dos personas administradoras juntas pueden dejarte volver.
prove-title = ¿Eres tú?
prove-lead = Lo que sigue necesita una prueba reciente de que eres tú.
prove-passkey = Usar una llave de acceso
prove-first = Hace demasiado que entraste para esto. Vuelve a cargar la página y demuestra que eres tú.
passkey-cancelled = No se hizo nada: el navegador se detuvo o tardó demasiado.
passkey-no-host-name = Las llaves de acceso necesitan un nombre como oak.example. A esta página se llegó por un número.
passkey-refused = Esta llave de acceso no fue aceptada aquí.

## Llegar
join-title = Entra en { $community }
join-lead = Te han invitado. Dos líneas y estás dentro.
join = Entrar
join-useless = Este enlace no deja entrar a nadie
join-member-lead = Este enlace es para ti. Con él entras en { $community } en este navegador, y eliges cómo entrarás desde ahora.
join-member = Entrar
join-signs-out = Hay alguien dentro en este navegador. Su sesión se cierra cuando sigas.
your-name = Tu nombre
your-name-help = Como te llaman los demás. Puedes cambiarlo después.
your-handle = Tu nombre corto es { $handle }.

## Cómo se entra
secure-account = Cómo entro
secure-title = Cómo entras
secure-title-new = Elige cómo entrarás
secure-lead = Ten dos formas de entrar, para que perder una no te deje fuera.
secure-lead-new = Elige una ahora. Una llave de acceso es más fácil y más segura: tu teléfono u ordenador te conoce por el dedo, la cara o un PIN.
secure-about = Llaves de acceso, contraseña, códigos de recuperación.
passkeys = Llaves de acceso
passkeys-about = Nada que recordar y nada que robar: la llave queda en tu teléfono, ordenador o llave de seguridad.
passkey-add = Añadir una llave de acceso
passkey-needs-https = Las llaves de acceso necesitan una conexión cifrada. Abre esta página por su dirección que empieza con https. Mientras tanto, usa una contraseña.
passkey-needs-script = Las llaves de acceso necesitan JavaScript, que está apagado en este navegador. Usa una contraseña con una aplicación de autenticación.
password-and-app = Contraseña con aplicación
password-and-app-about = Una contraseña, y un código que muestra una aplicación de autenticación.
password-title = Elige una contraseña
password-new = Contraseña nueva
password-help = Al menos 8 caracteres; lo mejor es una frase que solo tú conozcas. Sin reglas sobre signos, pero nada fácil de adivinar.
password-too-short = Una contraseña tiene al menos 8 caracteres.
password-too-long = Una contraseña tiene como máximo 256 bytes.
password-too-easy = Es de las primeras que cualquiera probaría. Toma algo más largo que no tenga que ver con tu nombre.
app = Aplicación de autenticación
app-title = Configura una aplicación de autenticación
app-lead = Escanea esto con una aplicación como Aegis, 2FAS o Google Authenticator, o ábrelo en este teléfono. Después escribe el código que muestra.
app-qr = Código QR para una aplicación de autenticación
app-open = Abrir en una aplicación de este dispositivo
app-type = Escribirlo a mano
app-code-help = Las seis cifras que la aplicación muestra ahora.
recovery-codes = Códigos de recuperación
recovery-codes-left = { $count ->
    [0] No te quedan códigos de recuperación.
    [one] Te queda un código de recuperación.
   *[other] Te quedan { $count } códigos de recuperación.
}
recovery-codes-new = Hacer códigos de recuperación nuevos
recovery-codes-warning = Tus códigos anteriores dejan de valer al momento.
recovery-sheet = Tu hoja de recuperación
recovery-sheet-lead = Imprímela o cópiala, y guárdala donde guardas papeles. Con uno de estos códigos { $handle } vuelve a entrar en { $community } cuando todo lo demás se ha perdido. Cada uno vale una vez. No se vuelven a mostrar.
recovery-sheet-kept = La he guardado

## Una misma
me-title = Tú
sessions = Dónde has entrado
sessions-about = Un navegador te saca tras dos semanas sin uso, y en todo caso a los tres meses.
session-here = Este navegador
session-used = Usado por última vez el { $day }
session-end = Salir
sessions-end-others = Salir en todos los demás

tokens = Fichas
tokens-about = Para programas que actúan por ti, como «hamlet call» o una caja registradora.
tokens-lead = Un programa muestra una ficha en tu lugar. Nunca puede más que tú; dale menos.
token-new = Una ficha nueva
token-label = Para qué
token-label-help = Por ejemplo «caja registradora».
token-functions = Solo estas funciones
token-functions-help = Por ejemplo «shop/*/*»; varias separadas por comas. Vacío: todas las que puedes.
token-days = Válida cuántos días
token-read-only = Solo para mirar
token-make = Hacer una ficha
token-made = La ficha está hecha
token-made-lead = Cópiala ahora en el programa. No se vuelve a mostrar.
token-all = todas las funciones
token-expires = hasta el { $day }

## Miembros
member-add = Añadir a alguien
member-add-about = Alguien sin teléfono, un hogar, una organización. Quien puede entrar por su cuenta recibe en cambio una invitación.
member-kind = Qué es
member-name = Nombre
member-way-in = Dar una forma de entrar
member-way-in-about = Un enlace solo para esta persona, para enviar o imprimir. Quien ya puede entrar no lo necesita.
for-stewards = Para quienes administran
group-join = Poner en un grupo
group-join-help = Por ejemplo «stewards», «bakers» o «counter».
group-leave = Sacar
add = Añadir
kind-person = persona
kind-household = hogar
kind-organisation = organización
kind-commons = la comunidad misma
member-since = Aquí desde el { $day }.
groups = Grupos

## Dejar volver a alguien
recoveries = Dejar volver a alguien
recoveries-lead = Nadie por sí solo deja entrar a alguien como si fuera otra persona. Una persona administradora empieza y otra confirma; donde no hay dos, lo hacen dos miembros. Después pasan dos días, y quien sea puede pararlo.
recoveries-none = No se está dejando volver a nadie.
recovery-lost = ¿Ha perdido toda forma de entrar?
recovery-begin = Empezar a dejar volver a esta persona
recovery-begun = Empezado por { $by } el { $day }.
recovery-confirmed = Confirmado por { $names }.
recovery-needs-more = Otras personas tienen que confirmar que es de verdad esa persona: vedla o llamadla.
recovery-waits = Confirmado. Se puede terminar el { $day }.
recovery-ready = El tiempo ha pasado: se puede terminar.
recovery-confirm = Sé que es de verdad esa persona
recovery-cancel = Parar esto
recovery-cancel-hers = Soy yo y no he perdido nada: pararlo
recovery-finish = Hacer el enlace
recovery-warning = Alguien dice que has perdido toda forma de entrar, y está dejando entrar a alguien como tú.
recovery-look = Verlo
recovery-exists = Esto ya está en marcha para esta persona.
recovery-not-yours = Aquí no puedes hacer esto: una persona administradora empieza, y otra persona confirma.
recovery-needs-others = Tú ya hiciste tu parte. Otras personas tienen que hacer la suya.
recovery-not-ready = No lo ha confirmado bastante gente, o no han pasado dos días.

## Invitaciones
invite-title = Invitar
invite-label = Para qué
invite-label-help = Solo lo ven las personas administradoras, por ejemplo «fiesta de la cosecha». Sin nombres de personas, por favor.
invite-uses = Cuántas personas
invite-days = Válida cuántos días
invite = Hacer una invitación
invite-made = La invitación está hecha
invite-made-lead = Muestra el código o envía el enlace. Quien lo tenga puede entrar, así que envíalo solo a quien es para. No se vuelve a mostrar.
invite-qr = Código QR de la invitación
invitations-open = Invitaciones abiertas
invitation-used = { $used } de { $uses } usadas, válida hasta el { $day }
take-back = Retirar

## Complementos
plugins = Complementos
plugins-lead = Lo que hace la comunidad lo hacen los complementos. Cada uno recibe solo lo que pide y tú le concedes.
plugins-installed = Instalados
plugins-offered = En esta caja, listos para instalar
plugins-none-offered = No hay nada más en esta caja. Pon un paquete firmado en la carpeta «catalogue» de la comunidad.
plugin-paused = en pausa
plugin-paused-about = Está en pausa: nadie puede usarlo hasta que una persona administradora lo deje responder otra vez. No se pierde nada.
plugin-signed = Firmado por { $key }
plugin-unsigned = Sin firma: hecho en esta caja
plugin-unsigned-warning = Nadie ha firmado esto. Instálalo solo si lo hiciste tú o alguien de confianza.
plugin-look = Verlo
plugin-means = Qué significa instalarlo
plugin-install = Instalar
plugin-install-and-grant = Conceder todo esto e instalar
plugin-may = Qué puede hacer
plugin-not-granted = No concedido
plugin-pause = Ponerlo en pausa
plugin-resume = Dejarlo responder otra vez
plugin-previous = Antes: versión { $version }
plugin-roll-back = Volver a la { $version }
plugin-confirm = Está bien; renunciar a volver atrás
grant = Conceder

## Fundar una comunidad
setup-title = Funda tu comunidad
setup-lead = Unas líneas y ya vive. Todo se puede cambiar después.
setup-code = Código
setup-code-help = Las ocho cifras en la pantalla de la caja.
setup-community = Nombre de la comunidad
setup-community-help = Como la llama la gente, por ejemplo «Calle del Roble».
setup-place = Lugar
setup-zone = Zona horaria
setup-zone-help = Como «Europe/Madrid». Dice cuándo empieza un día.
setup-you = Tú, la primera persona administradora
setup-begin = Fundarla

## Páginas de los módulos
plugin-done = Hecho. Queda registrado.
plugin-functions = Todo lo que se puede hacer aquí
plugin-functions-lead = Cada cosa que puedes hacer aquí, con su propio formulario.
plugin-functions-none = Aquí no hay nada que puedas hacer.
plugin-changes = Hacer algo
plugin-asks = Consultar algo
confirm-title = ¿Quieres esto?
confirm-lead = «{ $act }» de { $plugin } haría esto en tu nombre:
confirm-whose = De quién
confirm-yours = Tuyo
confirm-kind = Qué usa
confirm-money = Cuánto
confirm-amount = Cuánto, en la unidad más pequeña
confirm-by = Quién lo pide
confirm-yes = Sí, hazlo
confirm-no = No, volver
confirm-help = Aún no se ha hecho nada. Si dices que sí, se hace exactamente esto, una vez.
picture-refused = Esto no es una foto que se pueda tomar: un JPEG o PNG de { $megabytes } MB como mucho.
