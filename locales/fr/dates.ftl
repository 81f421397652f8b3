# Dates et heures, à Paris.

weekday = { $weekday ->
    [1] lundi
    [2] mardi
    [3] mercredi
    [4] jeudi
    [5] vendredi
    [6] samedi
   *[7] dimanche
}
month = { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}
day-of-month = { $day ->
    [1] 1er
   *[other] { $day }
}
date = { weekday } { day-of-month } { month } { $year }
time = { $hour } h { $minute }
date-and-time = { date } à { time }

# Ce qui est dit à Paris, et à l’heure du territoire de qui lit.
in-paris = { $text } (heure de Paris)
in-paris-and-overseas = { $text } (heure de Paris ; { $local } { overseas })
overseas = { $place ->
    [GP] en Guadeloupe
    [MQ] en Martinique
    [GF] en Guyane
    [RE] à La Réunion
    [YT] à Mayotte
    [PM] à Saint-Pierre-et-Miquelon
    [NC] en Nouvelle-Calédonie
    [PF] à Tahiti
   *[WF] à Wallis-et-Futuna
}
