## El registro de la administración
log-title = Registro de la administración
log-lead = Todo lo que se hizo con el poder de quien administra: quién entró, quién recibió qué función, qué se instaló y qué puede hacer, a quién se dejó volver a entrar. Lo lee cada miembro. Nadie puede cambiarlo, borrar una línea ni apagarlo.
log-about-short = Qué hizo la administración, y por qué.
log-kind = Qué tipo
log-kind-all = Todo
log-kind-people = Personas y grupos
log-kind-access = Entrar y recuperaciones
log-kind-plugins = Complementos y lo que pueden hacer
log-kind-community = La comunidad misma
log-by = Hecho por (nombre corto)
log-about = Sobre (nombre corto)
log-filter = Mostrar
log-empty = Aquí no hay nada.
log-no-such-person = Nadie tiene este nombre corto.
log-somebody-gone = alguien que ya no está
log-by-box = El sistema
log-by-decision = Una decisión de la comunidad
log-by-device = Un aparato
log-reason = Motivo:
log-plugin-act = { $who } · { $plugin }: { $what }
log-members-add = { $who } añadió a { $whom }.
log-members-remove = { $who } terminó la participación de { $whom }.
log-members-rename = { $who } cambió cómo se llama { $whom }.
log-members-erase = { $who } borró lo que se guardaba de un miembro que se había ido.
log-members-join-group = { $who } puso a { $whom } en el grupo «{ $thing }».
log-members-leave-group = { $who } sacó a { $whom } del grupo «{ $thing }».
log-members-give-mandate = { $who } dejó que alguien actúe por { $whom }.
log-invitations-create = { $who } hizo una invitación. { $whom }
log-invitations-revoke = { $who } retiró una invitación.
log-invitations-used = { $whom } entró con una invitación.
log-tokens-create = { $who } hizo una llave para las herramientas de { $whom }.
log-tokens-revoke = { $who } retiró una llave de las herramientas de { $whom }.
log-sessions-end = { $who } cerró la sesión de { $whom } en un navegador.
log-recoveries-begin = { $who } empezó a dejar volver a entrar a { $whom }, que perdió todas sus formas de entrar.
log-recoveries-confirm = { $who } confirmó que se deje volver a entrar a { $whom }.
log-recoveries-cancel = { $who } detuvo la recuperación de { $whom }.
log-recoveries-finish = { $who } hizo el enlace con el que { $whom } vuelve a entrar.
log-plugins-activate = { $who } instaló o actualizó { $thing }.
log-plugins-switch-over = { $who } pasó { $thing } a su versión nueva.
log-plugins-cancel-migration = { $who } detuvo la actualización de { $thing }.
log-plugins-roll-back = { $who } volvió a la versión anterior de { $thing }.
log-plugins-confirm = { $who } confirmó la versión nueva de { $thing }.
log-plugins-set-status = { $who } dejó seguir { $thing }.
log-plugins-paused = { $who } puso { $thing } en pausa.
log-plugins-uninstall = { $who } desinstaló { $thing }.
log-plugins-grant = { $who } permitió a { $thing } algo que pedía.
log-plugins-revoke = { $who } retiró algo que { $thing } podía hacer.
log-grants-give = { $who } dejó que { $thing } use algo que es de todos.
log-grants-revoke = { $who } retiró lo que { $thing } podía usar de lo que es de todos.
log-settings-set = { $who } cambió el nombre, el lugar, la zona horaria o el idioma de la comunidad.
log-history-restored = La comunidad se restauró desde una copia de seguridad.
log-effects-set-dispatcher = { $who } eligió qué complemento ejecuta las decisiones.
log-events-letter = { $who } se ocupó de un mensaje entre complementos que había fallado.
reason = Motivo
reason-help = Cada miembro lo lee en el registro de la administración. Puede quedar vacío.

## Después de una recuperación
recovery-recent = Hace poco se te dejó volver a entrar. Hasta el { $day } tu cuenta solo hace lo que suele hacer: los complementos pueden rechazar pagos mayores y votaciones ya empezadas. Esto te protege si otra persona la está usando.

## Perfil
profile-title = Perfil
profile-about = Cómo te encuentran los demás, quién lo ve, y tu foto.
profile-lead = Todo aquí lo decides tú, y también quién lo ve. Se guarda cifrado y se va contigo.
profile-phone = Teléfono
profile-email = Correo electrónico
profile-address = Dirección
profile-seen-by = Quién lo ve
profile-line-invalid = Una línea tiene como máximo 300 letras y ningún salto de línea.
profile-picture = Foto
profile-picture-about = La ve cada miembro. Se quita dónde y cuándo se hizo.
profile-picture-choose = Una fotografía (JPEG) o un dibujo (PNG)
profile-picture-send = Usar esta imagen
profile-picture-remove = Quitar la foto
profile-picture-of = Foto de { $name }
profile-picture-refused = Esta imagen no se puede usar. Elige un JPEG o PNG de como máximo { $megabytes } MB.
readers-only-me = Solo yo
readers-stewards = La administración
readers-members = Todos los miembros

## Irse, y lo que se guarda sobre mí
me-yours = Lo que es tuyo
me-yours-about = Lee y llévate todo lo que se guarda sobre ti, o vete.
leave-title = Dejar la comunidad
leave-lead = Puedes irte cuando quieras, sin dar motivos. Llévate antes lo que se guarda sobre ti.
leave-leave = Irse
leave-ends = Se cierra tu sesión en todas partes al momento. Tus grupos, llaves, mandatos, formas de entrar y de contactarte desaparecen.
leave-stays = Lo que tienes y debes queda en los libros con tu nombre, y lo que decidiste con los demás sigue valiendo. Si puedes, salda antes tu cuenta.
leave-back = No se puede deshacer. Quien vuelve entra con una invitación nueva, como miembro nuevo.
leave-sure = Quiero dejar esta comunidad.
leave-do = Irme ahora
leave-not-sure = Marca la casilla para decir que va en serio.
leave-last-steward = Eres la única persona que administra. Haz antes que otra persona administre también.
erase-title = Irse y borrar todo
erase-goes = Tu nombre, cómo contactarte, tu foto, las notas de tus pagos y todo lo demás que se selló para ti no se podrá leer nunca más, tampoco en copias antiguas.
erase-stays = Los importes, las fechas y los votos quedan, sin nombre: los libros de otros dependen de ellos. También queda que alguien fue miembro, y tu antiguo nombre corto en el diario.
erase-for-good = Nadie puede recuperarlo: ni tú, ni la administración, ni quien hizo este programa.
erase-sure = Quiero irme y que se borre todo para siempre.
erase-do = Irme y borrar
export-title = Lo que se guarda sobre mí
export-lead = Todo lo que la caja de esta comunidad guarda sobre ti y puede mostrarte. Puedes guardarlo como archivo.
export-download = Guardarlo como archivo (JSON)
export-party = Tú
export-profile = Perfil
export-groups = Grupos
export-mandates = Por quién actúas
export-mandates-for-me = Quién actúa por ti
export-ways-in = Cómo entras
export-browsers = Dónde tienes la sesión abierta
export-tokens = Llaves de tus herramientas
export-grants = Lo que dejas hacer a los complementos con lo tuyo
export-log-about = Sobre ti en el registro de la administración
export-log-by = Hecho por ti en el registro de la administración
export-silent = Estos complementos no dicen por sí mismos qué guardan sobre ti; mira sus propias páginas:
export-failed = Este complemento no respondió. Inténtalo más tarde.

## Grupos
groups-lead = Un grupo es una función: quien está en él puede hacer lo que el grupo puede. Aquí está quién está en cuál, y para qué.
group-size = { $count ->
    [0] nadie
    [one] una persona
   *[other] { $count }
}
group-new = Un grupo nuevo
group-name = Nombre del grupo
group-purpose = ¿Para qué es?
group-purpose-help = En una o dos frases, para todos.
group-open = Los miembros pueden entrar por sí mismos
group-no-purpose = Nadie ha dicho todavía para qué es este grupo.
group-who = Quién está
group-nobody = Nadie.
group-may = Lo que puede hacer
group-may-nothing = Nada que no pueda cada miembro.
group-may-host = En la comunidad
group-come = Entrar
group-go = Salir de este grupo
group-name-invalid = El nombre de un grupo tiene de 2 a 32 letras de la a a la z, cifras y guiones, y no empieza ni acaba con guion.
group-purpose-too-long = Di para qué es en como máximo 500 letras.
group-stewards-never-open = Nadie pasa a administrar por sí mismo.
group-not-open = Quien administra tiene que ponerte en este grupo.
groups-about = Quién tiene qué función, y lo que puede hacer.
log-groups-set = { $who } dijo para qué es el grupo «{ $thing }» y quién deja entrar.
log-groups-join = { $who } entró en el grupo abierto «{ $thing }».

## Aparatos
devices = Aparatos
devices-lead = Contadores, tabletas y programas que llaman por sí mismos a esta comunidad. Un aparato no es nadie: solo puede lo que está en la lista, y solo donde un complemento deja entrar a aparatos.
devices-about = Contadores, tabletas y programas que pueden llamar.
device-new = Dejar entrar a un aparato
device-name = Qué es y dónde está
device-name-help = Por ejemplo: contador en el sótano de la casa 3. Ningún nombre de persona.
device-functions-help = Lo que puede llamar, como COMPLEMENTO/PARTE/FUNCIÓN con * para cualquiera, separado por espacios. No puede quedar vacío.
device-make = Hacer su llave
device-made = La llave del aparato
device-never-used = sin uso desde que se inició el sistema
device-pattern-invalid = Di lo que puede llamar como COMPLEMENTO/PARTE/FUNCIÓN, por ejemplo energy/readings/*. A un aparato no se le puede permitir todo.
log-devices-create = { $who } dejó entrar al aparato «{ $thing }».
log-devices-revoke = { $who } retiró la llave de un aparato.

## Quién ve qué sobre mí
privacy-title = Quién ve qué sobre mí
privacy-lead = Lo que se guarda sobre ti en esta comunidad, y quién puede verlo.
privacy-host = La comunidad misma
privacy-not-said = Este complemento no dice qué guarda sobre las personas. Pregunta a quien administra, o mira sus páginas.
privacy-authors-word = Esto lo declara quien lo hizo. Se muestra a quien administra antes de instalarlo.
privacy-data = Lo que guarda sobre las personas, y quién lo ve
privacy-more = Mira también:
own-name = Tu nombre, nombre corto, y desde cuándo eres miembro
own-groups = En qué grupos estás
own-contact = Teléfono, correo electrónico, dirección
own-picture = Tu foto
own-ways-in = Cómo entras, dónde tienes la sesión abierta, llaves de tus herramientas
own-mandates = Por quién actúas, y quién actúa por ti
own-log = Lo que la administración hizo sobre ti, y lo que hiciste al administrar
own-acts = Que hiciste algo, y cuándo, como un número que por sí solo no nombra a nadie
seen-self = tú
seen-party = tú y quienes actúan contigo por tu hogar u organización
seen-party-stewards = tú, quien se ve afectado, y la administración
seen-counterparties = quien está al otro lado
seen-group = el grupo «{ $group }»
seen-members = cada miembro
seen-public = cualquiera, miembro o no
seen-as-chosen = quien tú elijas para cada cosa
seen-box = quien tiene la caja y sus llaves

## Reglas básicas
rules-title = Nuestras reglas básicas
rules-about = Cómo nos tratamos, qué se guarda sobre ti, qué es nuestro crédito.
rules-none = Esta comunidad todavía no ha escrito sus reglas básicas.
rules-version = Versión { $number }, del { $day }
rules-changed = Esto es nuevo. Léelo una vez; después puedes seguir con lo que hacías.
rules-file = Lo que acabas de enviar llevaba un archivo y no se hizo: envíalo otra vez después de seguir.
rules-held = Estas reglas son nuevas. Léelas una vez. Lo que acabas de enviar espera en esta página y se hace cuando sigas.
rules-go-on-and-do = Las he leído; haz lo que envié
rules-go-on = Lo he leído y sigo
rules-or-leave = ¿No estás de acuerdo? Habla con los demás. O bien:
rules-rules = Nuestras reglas
rules-privacy = Lo que se guarda sobre ti
rules-credit = Qué es nuestro crédito, y qué no es
rules-write = Escribir las reglas básicas
rules-write-lead = Tres textos cortos que cualquiera lee en cinco minutos. Responde unas preguntas para un primer borrador, y luego hazlo vuestro.
rules-ask = Unas preguntas
rules-ask-responsible = ¿Quién responde de esta caja y de lo que hay en ella? (un nombre o una asociación)
rules-ask-contact = ¿Cómo se le contacta?
rules-ask-years = ¿Cuántos años tenéis que guardar vuestros libros?
rules-ask-age = ¿Desde qué edad puede alguien participar por su cuenta?
rules-ask-unit = ¿Cómo se llama vuestra unidad de cuenta, si tenéis una?
rules-draft = Escribir un borrador
rules-texts = Los textos
rules-publish-about = Cada miembro ve la versión nueva antes de hacer lo siguiente. Las versiones anteriores se guardan.
rules-publish = Publicar
rules-too-long = Un texto tiene como máximo 8.000 letras, las notas como máximo 16.000, y tiene que haber alguno.
rules-check = [Este texto es un borrador que escribió un programa. Haz que lo revise alguien que conozca la ley de tu país, y borra después esta línea.]
rules-draft-rules = { $community } es de sus miembros. Nadie tiene más parte que otro.
    { "" }
    Nos tratamos con respeto, cumplimos nuestra palabra, y avisamos pronto cuando no podemos.
    { "" }
    Quienes administran mantienen todo en marcha. Lo que hacen con ese poder está en el registro de la administración, que lee cada miembro. Cualquier miembro puede preguntar por qué.
    { "" }
    Quien no está de acuerdo con una decisión lo dice primero a la administración y después a todos. A nadie se le excluye sin haberle escuchado.
    { "" }
    { $young }Cada cual puede irse cuando quiera, sin dar motivos.
rules-draft-age = Quien tiene menos de { $age } años participa a través de quien le cuida.
rules-draft-contact = Contacto: { $contact }.
rules-draft-years = Los libros se guardan { $years } años.
rules-draft-unit = Nuestro crédito
rules-draft-privacy = Responsable de lo que se guarda aquí: { $responsible }.{ $reach }
    { "" }
    Guardamos tu nombre, lo que quieras decir de ti, y lo que haces aquí con los demás: pagos, reservas, votos. Lo guardamos en nuestra propia caja, cifrado, y no lo damos a nadie más.
    { "" }
    Ves quién ve qué en «Quién ve qué sobre mí», y todo lo que hay sobre ti en «Lo que se guarda sobre mí».
    { "" }
    { $books }Lo que es solo sobre ti se va cuando lo pides o te vas: tu nombre, cómo contactarte, las notas. Los importes, las fechas y los votos quedan, sin nombre.
rules-draft-credit = { $unit } cuenta lo que hicimos unos por otros. No es dinero: nadie tiene que aceptarlo, nadie puede pedir dinero por ello, y no da intereses.
    { "" }
    Estar por debajo de cero no es una deuda con nadie en particular. Es una promesa de devolver algo a todos.
    { "" }
    Cada cuenta tiene un límite. Quien se acerca a él habla con los demás de lo que puede dar o necesita.
    { "" }
    Cuando alguien se va, saldamos lo que se pueda y llevamos el resto entre todos.
    { "" }
    Quien vive de ello pregunta por los impuestos en su país.
log-papers-publish = { $who } publicó nuevas reglas básicas.

## Relevo
hand-over = Relevo
hand-over-about = Lo que depende de una sola persona, para quien venga después.
hand-over-lead = ¿Qué tendrían que saber los demás si mañana ya no estuvieras? Escríbelo aquí, imprímelo y déjalo donde dos personas lo encuentren. Esta página la lee quien administra.
hand-over-stewards = Quién administra
hand-over-one = Solo administra { $name }. Si esa persona falta, nadie puede hacer nada de esto. Haz hoy que otra persona administre también.
hand-over-here = Esta comunidad
hand-over-address = Dirección
hand-over-version = Versión del programa
hand-over-notes = Lo que depende de una sola persona
hand-over-notes-help = Dónde está cada cosa y quién la tiene. Ninguna contraseña: escribe dónde se guarda. Se guarda cifrado.
hand-over-box = La caja: ¿dónde está, quién tiene la llave del cuarto, quién paga la luz y la red?
hand-over-name = El nombre (dominio): ¿dónde está registrado, a nombre de quién, cuándo hay que pagarlo?
hand-over-mail = La cuenta de correo que envía los avisos: ¿de quién es?
hand-over-keys = Llaves: ¿dónde está la llave de las copias de seguridad, y la hoja con los códigos de recuperación de cada persona que administra?
hand-over-backup = Copias de seguridad: ¿a dónde van, quién comprobó por última vez que se puede restaurar una?
hand-over-money = ¿Cuánto cuesta todo esto al año, y de qué cuenta se paga?
hand-over-people = ¿Quién más sabe cómo funciona? ¿A quién se llama cuando no funciona?

## Mudarse
move-title = Mudarse aquí
move-about = Traer personas y hogares desde una lista, con sus saldos.
move-lead = ¿Ya tenéis una lista de vuestra gente? Tráelos a todos de una vez: no se hace nada antes de que hayas visto lo que saldrá.
move-file = La lista
move-file-help = Un archivo CSV o una hoja de cálculo (.xlsx). La primera línea dice qué hay en las columnas. Como máximo { $rows } personas de una vez.
move-read = Mirarla
move-moves = Traídos hasta ahora
move-count = { $count ->
    [one] una persona u hogar
   *[other] { $count } personas y hogares
}
move-empty = En este archivo no hay nadie. La primera línea tiene que decir qué hay en las columnas, y debajo vienen las personas.
move-too-long = Se pueden traer como máximo { $rows } personas y hogares de una vez. Divide la lista.
move-unclosed = En este archivo se abren unas comillas que nunca se cierran. Guárdalo otra vez como CSV.
move-table = Nombre de la tabla en la hoja de cálculo
move-table-help = Solo si no es la primera.
move-table-read = Esta es la tabla «{ $table }». En el mismo archivo hay: { $others }. Para tomar otra, vuelve y envía el archivo con su nombre.
move-broken = Este archivo no se puede leer. Guárdalo otra vez como CSV o como hoja de cálculo (.xlsx).
move-encrypted = Este archivo está protegido con contraseña. Guárdalo sin ella.
move-old-kind = Esta es una hoja de cálculo del tipo antiguo (.xls). Guárdala como .xlsx o como CSV.
move-too-large = Este archivo es demasiado grande. Deja en él solo la lista de personas.
move-macros = En este archivo hay programas (macros), que no se aceptan. Guárdalo como .xlsx sin ellos, o como CSV.
move-formula = La celda { $place } tiene una fórmula sin valor. Abre el archivo, deja que calcule y guárdalo otra vez.
move-no-table = En el archivo no hay ninguna tabla con este nombre. Hay: { $tables }.
move-columns = ¿Qué es cada columna?
move-columns-about = Esto es una suposición. Corrígela donde no sea así.
move-column-handle = Nombre corto
move-column-household = Hogar
move-no-column = ninguna
move-look-again = Mirar otra vez
move-faults = Lo que no está bien
move-faults-about = Corrige estas líneas en tu lista y envíala otra vez. No se trae a nadie antes de que todo esté bien.
move-row = Fila { $row } bajo el encabezado ({ $cells }):
move-fault-no-name = No hay nombre.
move-fault-handle-taken = Alguien ya tiene este nombre corto, aquí o en tu lista.
move-fault-kind = Dice que no es ni persona, ni hogar, ni organización.
move-acts-for = actúa por { $household }
move-and-more = { $count ->
    [one] Y una más.
   *[other] Y { $count } más.
}
move-do-about = Entran todos de una vez. El teléfono, el correo y la dirección los ve la administración hasta que cada cual elija otra cosa. Puedes deshacerlo mientras nadie de ellos haya entrado, pagado o cobrado.
move-do = Traerlos
move-changed = Mientras tanto alguien cambió algo. Mira otra vez.
move-print = Invitaciones para imprimir
move-print-about = Hace una invitación con código QR para cada persona que aún no ha entrado, válida { $days } días. Imprímelas, recórtalas y repártelas.
move-came = ya ha entrado
move-undo = Deshacerlo
move-undo-about = Todos desaparecen otra vez, con todo lo que hay sobre ellos. De eso no hay vuelta atrás.
move-somebody-came = Alguien de ellos ya ha entrado. Ya no se puede deshacer; termina participaciones una a una.
move-book-about = ¿Cuáles de tus columnas van aquí? Donde una fila está vacía no se trae nada; donde solo falta un límite, vale el que reciben los nuevos.
move-rest = Las filas suman { $sum }, pero juntas tienen que dar cero. La diferencia va a una cuenta de la comunidad, que tendrá lo mismo en el otro lado.
move-rest-to = La diferencia va a
move-rest-choose = Elige, por favor
move-rest-missing = Elige adónde va la diferencia.
move-happened-since = Alguien de ellos ya ha pagado o cobrado. Ya no se puede deshacer.
move-slip = Te damos la bienvenida a { $community }. Abre esto con la cámara de tu teléfono, o escribe la dirección. Es solo para ti.
log-moves-bring = { $who } trajo { $thing } personas y hogares desde una lista.
log-moves-undo = { $who } deshizo una lista de personas que se había traído.

## Actuar por alguien
mandates = Quién actúa por este miembro
mandates-about = Un hogar o un club actúa a través de su gente. Quien es demasiado joven para participar por su cuenta actúa a través de quien le cuida. A quien no tiene teléfono se le atiende en un mostrador.
mandates-none = Nadie más.
mandate-person = Nombre corto de la persona
mandate-person-help = Esta persona podrá entonces hacer cosas en nombre de este miembro.
mandate-right = Con qué derecho
mandate-representative = le representa
mandate-guardian = le cuida y responde por él
mandate-clerk = atiende en un mostrador
mandate-give = Dejar que actúe
mandate-end = Terminar
mandate-not-yours = Esto solo lo cambia quien ya actúa por este miembro. Quien administra pone a la primera persona; una decisión de la comunidad puede más.
mandate-invalid = Una persona actúa por otra, no por sí misma.

## Con qué empieza una comunidad
start-title = Con qué empieza tu comunidad
start-lead = Elige lo que quieres ahora. Todo se puede cambiar, añadir o quitar después.
start-plugins = Qué hace
start-plugins-none = Todavía no hay ningún complemento en esta caja. Más tarde los encuentras en la página «Complementos».
start-late = Todavía se está preparando para esta caja. Vuelve a cargar la página dentro de un minuto, o añádelo después en la página «Complementos».
start-asks = Pide esto:
start-bring = Traer «{ $title }» y permitirle esto
start-rules = Responde a esto para una primera versión de vuestras reglas. Deja vacía la primera línea para escribirlas otro día.
start-copies = Copias, por si se estropea la caja
start-copies-plan = Cada { $hours } horas se hace una copia cerrada de todo en la carpeta { $folder } de la caja; se guardan las últimas { $keep }.
start-copies-same-disk = Esa carpeta está en el mismo disco que la comunidad. Quien tiene la caja puede indicar otra; hasta entonces, descarga una copia de vez en cuando.
start-copies-key = Enséñame mi llave en la página siguiente
start-invite = Tus primeros vecinos
start-invite-uses = ¿Cuántas personas pueden entrar con un mismo enlace?
start-invite-help = El enlace vale 14 días y puedes retirarlo. 0: ningún enlace ahora.
start-begin = Empezar
start-later = Ahora no
start-done = { $community } está en marcha
start-rules-there = Para leer y para imprimir:
start-next = Seguir con

join-rules = Al entrar aceptas

## Quién es menor
born = Año de nacimiento
born-help = Quien tiene menos de { $age } años participa aquí con un tutor. El año solo lo ven tú y tu tutor.
ward-you = Tienes menos de { $age } años: puedes mirar todo lo tuyo, y lo demás lo hace tu tutor por ti. Quien vaya a ser tu tutor se lo pide a quien administra.
ward-title = Edad
ward-is = Menos de { $age } años: un tutor actúa por esta persona.
ward-is-not = Nadie ha dicho que esta persona tenga menos de { $age } años.
ward-not-yours = Quien entra por sí mismo dice una vez su año de nacimiento. Después lo cambia su tutor o una decisión de la comunidad; quien administra, no.
refused-year-invalid = Escribe el año de nacimiento con cuatro cifras.
log-guardians-set-age = { $who } fijó la edad desde la que alguien actúa por sí mismo.
log-guardians-set-born = { $who } dijo en qué año nació { $whom }.
own-born = El año de tu nacimiento, si lo dijiste

move-out = Descargar la lista como está ahora
move-out-about = Todas las personas que hay aquí, con lo que puedes ver de ellas. La misma lista se puede volver a leer.

## Varias personas en un teléfono
phone-title = Personas en este teléfono
phone-about = Quien comparte un teléfono abre su propia cuenta con un PIN.
phone-lead = Cada persona tiene su propio PIN. Abre su cuenta solo en este teléfono, hasta que cierre la sesión.
phone-now = Ahora: { $handle }
phone-lay-aside = Dejar el teléfono a otra persona
phone-own-pin = Tu PIN en este teléfono
phone-pin-help = De 4 a 8 cifras, ni todas iguales ni seguidas.
phone-keep-pin = Guardar este PIN
phone-pin-of = PIN de { $name }
phone-take-up = Seguir como { $name }
phone-pin-first = Elige antes un PIN propio, para que nadie más abra tu cuenta.
phone-somebody-else = Entrar como otra persona
phone-forget = Cerrar la sesión de los demás en este teléfono
phone-pin-invalid = Esto no es un PIN: de 4 a 8 cifras, ni todas iguales ni seguidas.
phone-pin-wrong = { $count ->
    [one] Este PIN no es correcto. Con otro equivocado solo queda la entrada completa.
   *[other] Este PIN no es correcto. Quedan { $count } intentos.
}
phone-ended = Esta persona ya no tiene la sesión abierta en el teléfono, y vuelve por la entrada completa.
phone-too-many = En este teléfono ya descansan cinco personas. Cierra antes la sesión de una.
