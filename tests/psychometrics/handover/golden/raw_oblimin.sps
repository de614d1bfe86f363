* Encoding: UTF-8.
* Open this file from the folder that holds data.csv (CD 'folder'. before it, if SPSS does not find the file).
GET DATA
  /TYPE=TXT
  /FILE='data.csv'
  /ENCODING='UTF8'
  /ARRANGEMENT=DELIMITED
  /DELCASE=LINE
  /DELIMITERS=","
  /QUALIFIER='"'
  /FIRSTCASE=2
  /VARIABLES=
    v1 F20.10
    v2 F8.0
    v3 F8.0
    v4 F8.0
    v5 F8.0
    v6 F8.0.
VARIABLE LABELS
  v1 'a'
  v2 'b'
  v3 'it''s'
  v4 'd'
  v5 'e'
  v6 'to'.
FACTOR
  /VARIABLES
    v1 v2 v3 v4 v5 v6
  /MISSING LISTWISE
  /PRINT INITIAL KMO EXTRACTION ROTATION
  /FORMAT SORT
  /CRITERIA FACTORS(2) ITERATE(999) ECONVERGE(0.000001)
  /EXTRACTION ML
  /CRITERIA ITERATE(250) RCONVERGE(.000001) NOKAISER DELTA(-0.5)
  /ROTATION OBLIMIN
  /METHOD=CORRELATION.
