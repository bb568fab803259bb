# Functions of the jq language that are best said in jq. Loops and growth cost steps like those of
# any program.
def null: [][0];
def true: 0 == 0;
def false: 0 == 1;
def not: if . then false else true end;
def error: error(.);
def select(f): if f then . else empty end;
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def recurse: ..;
def recurse(f): def r: ., (f | r); r;
def recurse(f; cond): def r: ., (f | select(cond) | r); r;
def range($n): range(0; $n; 1);
def range($from; $upto): range($from; $upto; 1);
def while(cond; update): def w: if cond then ., (update | w) else empty end; w;
def until(cond; update): def u: if cond then . else (update | u) end; u;
def repeat(f): def r: f, r; r;
def first(f): limit(1; f);
def last(f): reduce f as $x ([]; [$x]) | .[];
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
def isempty(f): label $out | (f | false, break $out), true;
def any(f; cond): isempty(first(f | cond | select(.))) | not;
def all(f; cond): isempty(first(f | cond | select(. | not)));
def any(cond): any(.[]; cond);
def all(cond): all(.[]; cond);
def any: any(.);
def all: all(.);
def add(f): reduce f as $x (null; . + $x);
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def isfinite: type == "number" and (isinfinite | not);
def finites: select(isfinite);
def normals: select(isnormal);
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: reduce .[] as $x ({};
  . + { ($x | if type == "object" then
            (if .key != null then .key elif .k != null then .k elif .name != null then .name
             elif .Name != null then .Name elif .Key != null then .Key elif .K != null then .K
             else .key end)
          else . end
          | if type == "string" then . elif . == null then "null" else tojson end):
        ($x | if type != "object" then null
          elif has("value") then .value elif has("v") then .v elif has("Value") then .Value
          else .V end) });
def with_entries(f): to_entries | map(f) | from_entries;
def walk(f): def w: if type == "object" then map_values(w)
                    elif type == "array" then map(w) else . end | f; w;
def paths: path(..) | select(length > 0);
def paths(node_filter): . as $dot | paths | select(. as $p | $dot | getpath($p) | node_filter);
def leaf_paths: paths(scalars);
def pick(pathexps): . as $top
  | reduce path(pathexps) as $p (null; setpath($p; $top | getpath($p)));
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): [_group_by(map([f]))[] | .[0]];
def unique: [_group_by(map([.]))[] | .[0]];
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def min: _min_by(map([.]));
def max: _max_by(map([.]));
def flatten: flatten(1e9);
def transpose: if . == [] then [] else
  . as $in | (map(length) | max) as $n | [range(0; $n) as $j | [range(0; $in | length) as $i | $in[$i][$j]]] end;
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:][0];
def todate: todateiso8601;
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def ascii: [.] | implode;
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p)
  | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): {x: null, e: false} as $init
  | foreach f as $i ($init;
      if .e then $init else . end
      | if $i | length == 2
        then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1])
        else setpath(["e"]; $i[0] | length == 1) end;
      if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream
  | . as $input | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;
def match(re; flags): _match(re; flags)[];
def match($val): if $val | type == "array" then match($val[0]; $val[1]) else match($val; null) end;
def test(re; flags): _match(re; flags) | length > 0;
def test($val): if $val | type == "array" then test($val[0]; $val[1]) else test($val; null) end;
def _capture: reduce (.captures[] | select(.name != null)) as $c ({}; . + {($c.name): $c.string});
def capture(re; flags): match(re; flags) | _capture;
def capture($val): match($val) | _capture;
def scan($re; $flags): match($re; "g" + $flags)
  | if (.captures | length) > 0 then [.captures[].string] else .string end;
def scan($re): scan($re; null);
def split($re; flags): . as $s | reduce (match($re; flags + "g"), null) as $m ({at: 0, out: []};
    if $m == null then .out += [$s[.at:]]
    else .out += [$s[.at:$m.offset]] | .at = $m.offset + $m.length end) | .out;
def splits($re; flags): split($re; flags) | .[];
def splits($re): splits($re; null);
def sub($re; str; $flags): . as $s
  | [match($re; $flags)] as $ms
  | if $ms == [] then $s
    else reduce $ms[] as $m ({at: 0, out: []};
        $s[.at:$m.offset] as $gap | .at as $at
        | [$m | _capture | str] as $new
        | if $new | any(type != "string") then error("sub: the replacement must be a string") else . end
        | reduce range($new | length) as $i (.; .out[$i] += $gap + $new[$i])
        | .at = $m.offset + $m.length)
      | .out[] + $s[.at:] // $s end;
def sub($re; str): sub($re; str; "");
def gsub($re; str; $flags): sub($re; str; $flags + "g");
def gsub($re; str): sub($re; str; "g");
def have_literal_numbers: true;
def have_decnum: true;
def toarray: if type == "array" then . else [.] end;
def INDEX(stream; idx): reduce stream as $row ({}; .[$row | idx | tostring] = $row);
def INDEX(idx): INDEX(.[]; idx);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; stream; key): stream | [., $index[key]];
def JOIN($index; stream; key; join): stream | [., $index[key]] | join;
def IN(s): any(s == .; .);
def IN(source; s): any(source == s; .);
