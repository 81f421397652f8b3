# Dates and times, in Paris.

weekday = { $weekday ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
day-of-month = { $day }
date = { weekday } { day-of-month } { month } { $year }
time = { $hour }:{ $minute }
date-and-time = { date } at { time }

# What is told in Paris, and by the clock of who reads.
in-paris = { $text } (Paris time)
in-paris-and-overseas = { $text } (Paris time; { $local } { overseas })
overseas = { $place ->
    [GP] in Guadeloupe
    [MQ] in Martinique
    [GF] in French Guiana
    [RE] in Réunion
    [YT] in Mayotte
    [PM] in Saint-Pierre and Miquelon
    [NC] in New Caledonia
    [PF] in Tahiti
   *[WF] in Wallis and Futuna
}
