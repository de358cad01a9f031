#!/usr/bin/env escript
%% SPDX-License-Identifier: MIT
%%! +S 1
%% A message of 64 bytes to another process and back, and replacing a module of
%% as many functions as load_N has: erlang.escript ROUNDS SWAPS
-mode(compile).

main([Rounds, Swaps]) ->
    message(list_to_integer(Rounds)),
    [swap(N, list_to_integer(Swaps)) || N <- [100, 1000]],
    ok.

report(Name, Times, Operations) ->
    Sorted = lists:sort(Times),
    io:format("~s.vs.erlang\t~.1f\t~.1f\tns~n",
              [Name, hd(Sorted) / Operations,
               lists:nth(length(Sorted) div 2 + 1, Sorted) / Operations]).

answer() ->
    receive
        {Asker, <<Words:56/binary, Count:64>>} ->
            Asker ! <<Words/binary, (Count + 1):64>>,
            answer();
        stop -> ok
    end.

ask(_, 0) -> ok;
ask(Other, N) ->
    Other ! {self(), <<0:448, N:64>>},
    Count = N + 1,
    receive <<_:448, Count:64>> -> ok end,
    ask(Other, N - 1).

since(Start) ->
    erlang:convert_time_unit(erlang:monotonic_time() - Start, native, nanosecond).

message(Rounds) ->
    Other = spawn(fun answer/0),
    Times = [begin
                 Start = erlang:monotonic_time(),
                 ask(Other, 10),
                 since(Start)
             end || _ <- lists:seq(1, Rounds)],
    Other ! stop,
    report("channel_rtt", Times, 10).

%% f0(D) adds up 0 to D, as load_N_0 does.
module(N, Version) ->
    Name = list_to_atom("load_" ++ integer_to_list(N)),
    A = erl_anno:new(1),
    Function = fun(I) -> list_to_atom("f" ++ integer_to_list(I)) end,
    Forms = [{attribute, A, module, Name},
             {attribute, A, export,
              [{version, 0} | [{Function(I), 1} || I <- lists:seq(0, N - 1)]]},
             {function, A, version, 0, [{clause, A, [], [], [{integer, A, Version}]}]}
             | [{function, A, Function(I), 1,
                 [{clause, A, [{integer, A, 0}], [], [{integer, A, I}]},
                  {clause, A, [{var, A, 'D'}], [],
                   [{op, A, '+', {integer, A, I},
                     {call, A, {atom, A, Function((I + 1) rem N)},
                      [{op, A, '-', {var, A, 'D'}, {integer, A, 1}}]}}]}]}
                || I <- lists:seq(0, N - 1)]],
    {ok, Name, Binary} = compile:forms(Forms),
    {Name, Binary}.

swap(N, Rounds) ->
    {Name, One} = module(N, 1),
    {Name, Two} = module(N, 2),
    {module, Name} = code:load_binary(Name, "", One),
    Times = [begin
                 {Version, Binary} = case I rem 2 of 1 -> {2, Two}; 0 -> {1, One} end,
                 Start = erlang:monotonic_time(),
                 code:purge(Name),
                 {module, Name} = code:load_binary(Name, "", Binary),
                 Time = since(Start),
                 Version = Name:version(),
                 55 = Name:f0(10),
                 Time
             end || I <- lists:seq(1, Rounds)],
    report("swap_" ++ integer_to_list(N), Times, 1).
