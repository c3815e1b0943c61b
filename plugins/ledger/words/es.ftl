# Lo que dicen las páginas de las cuentas, en español.
nav-overview = Resumen
nav-pay = Pagar
nav-request = Pedir dinero
nav-statement = Movimientos
nav-pending = En espera
nav-pending-some = En espera ({ $count })
nav-account = Cuenta
nav-circulation = Todo el dinero
nav-balances = Saldos
nav-counter = Mostrador
nav-books = Libros

title-overview = Tu cuenta
title-pay = Pagar
title-request = Pedir dinero
title-statement = Movimientos
title-pending = Pagos en espera
title-account = Sobre esta cuenta

which-account = Qué cuenta
show = Ver

credit-plus = La comunidad te debe esto: lo diste antes de recibirlo. No genera intereses. Gástalo con cualquier miembro.
credit-zero = No debes nada y nadie te debe. Puedes pagar antes de haber ganado: hasta { $credit }.
credit-zero-none = No debes nada y nadie te debe. Podrás pagar cuando te llegue algo.
credit-minus = Debes esto a todos los miembros juntos, no a uno de ellos. No se cobran intereses. Lo compensas dando algo que otros necesiten.
credit-near = Debes esto a todos los miembros juntos. No se cobran intereses. Estás cerca de tu límite: queda { $left }. Gana algo antes de pagar más.
credit-limit = Has llegado a tu límite: no puedes pagar hasta que te llegue algo. No se cobran intereses. Ofrece lo que otros necesiten o pregunta a una persona administradora.
plain-plus = Tienes esto. Guardarlo no cuesta nada.
plain-zero = No hay nada en esta cuenta. Podrás pagar cuando te llegue algo.
plain-minus = Esta cuenta está por debajo de cero por lo que ha entregado a las demás.
week-after-recovery = Hace poco se devolvió el acceso a alguien que actúa por esta cuenta. Para que nadie la vacíe, hasta el { $until } paga como mucho lo de una semana habitual: quedan { $left }.
suspended = Una persona administradora ha suspendido esta cuenta: recibe, pero no paga. Pregunta por qué.
closed = Esta cuenta está cerrada.
ledger-opening = Los libros aún se están preparando. Podrás pagar cuando se abran.
ledger-closed = Estos libros están cerrados: los saldos quedan como están.

left-to-spend = Queda para gastar
reserved = Reservado para pagos en espera
coming = En camino hacia ti
recent = Lo último
nothing-yet = Todavía no se ha movido nada.
first-payment = Tu primer pago
all-lines = Todos los movimientos

pay-to = A quién
pay-to-help = El nombre corto de un miembro, por ejemplo @rosa, o el código de una cuenta.
pay-amount = Cuánto, en { $unit }
pay-amount-help = Por ejemplo { $example }.
pay-memo = Por qué
pay-memo-help = Lo leéis los dos y nadie más.
pay-send = Pagar
pay-from = De
pay-to-chosen = Pagas a

ask-lead = Quien lo abra con la cámara del teléfono, o toque el enlace, encuentra el pago ya escrito.
ask-amount = Cuánto, en { $unit }
ask-memo = Por qué
ask-make = Crear código
ask-code = Para mostrar
ask-link = O envía esta página como enlace
ask-scan = Escanea para pagar

from = Desde
through = Hasta
with = Con quién
with-nobody = Nadie tiene ese nombre corto. Elige uno de la lista.
to-print = Para imprimir
to-save = Guardar como tabla (CSV)
search = Palabras
search-help = En las notas y en los nombres de cuentas.
filter = Ver
older = Pagos anteriores
no-lines = Ningún pago coincide.
date-wrong = Eso no es una fecha.
column-who = Con quién y por qué
column-amount = Cantidad, saldo después
paid-to = a
received-from = de
by = por { $name }
is-waiting = en espera
is-posted = hecho
is-voided = retirado
is-expired = caducado

pending-none = No hay nada en espera.
pending-lead = Dinero apartado para un pago, hasta que se acepte o se retire.
pending-to-you = Para ti
pending-from-you = De ti
accept = Aceptar
decline = Rechazar
pay-out = Pagar ahora

account-code = Código
account-owner = De quién
account-opened = Abierta
account-credit = Límite de crédito
account-upper = Saldo más alto
no-limit = sin límite
account-balances = Saldo, los últimos pagos
chart-day = Día
chart-balance = Saldo
limits-changed = Cómo cambiaron los límites
limits-by = Quién
limits-when = Cuándo
decision = una decisión
