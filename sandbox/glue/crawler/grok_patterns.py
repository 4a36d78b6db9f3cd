"""The grok patterns that a classifier may refer to without defining them.

The names are those that Glue documents; each stands for the same kind of text, IPV6 a little more leniently:
https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#classifier-builtin-patterns
"""

BUILT_IN = r"""
USERNAME [\w.-]+
USER %{USERNAME}
INT [+-]?\d+
BASE10NUM (?<![\d.+-])[+-]?(?:\d+(?:\.\d+)?|\.\d+)
NUMBER %{BASE10NUM}
HEXDIGIT [0-9A-Fa-f]
BASE16NUM (?<!%{HEXDIGIT})[+-]?(?:0x)?%{HEXDIGIT}+
BASE16FLOAT (?<![0-9A-Fa-f.])[+-]?(?:0x)?(?:%{HEXDIGIT}+(?:\.%{HEXDIGIT}*)?|\.%{HEXDIGIT}+)\b
BOOLEAN (?i)true|false
POSINT \b[1-9]\d*\b
NONNEGINT \b\d+\b
WORD \b\w+\b
NOTSPACE \S+
SPACE \s*
DATA .*?
GREEDYDATA .*
QUOTEDSTRING "(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`
QS %{QUOTEDSTRING}
UUID %{HEXDIGIT}{8}(?:-%{HEXDIGIT}{4}){3}-%{HEXDIGIT}{12}

HEXPAIR %{HEXDIGIT}{2}
CISCOMAC %{HEXDIGIT}{4}\.%{HEXDIGIT}{4}\.%{HEXDIGIT}{4}
WINDOWSMAC %{HEXPAIR}(?:-%{HEXPAIR}){5}
COMMONMAC %{HEXPAIR}(?::%{HEXPAIR}){5}
MAC %{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}
OCTET 25[0-5]|2[0-4]\d|[01]?\d{1,2}
IPV4 (?<!\d)%{OCTET}(?:\.%{OCTET}){3}(?!\d)
HEXTET %{HEXDIGIT}{1,4}
HEXTETS %{HEXTET}(?::%{HEXTET}){0,6}
IPV6 (?:(?:%{HEXTET}:){7}%{HEXTET}|%{HEXTETS}?::(?:(?:%{HEXTET}:){0,5}%{IPV4}|%{HEXTETS})?)(?:%\w+)?
IP %{IPV6}|%{IPV4}
LABEL [0-9A-Za-z][\w-]{0,62}
HOSTNAME \b%{LABEL}(?:\.%{LABEL})*(?:\.|\b)
HOST %{HOSTNAME}
IPORHOST %{IP}|%{HOSTNAME}
HOSTPORT %{IPORHOST}:%{POSINT:port}

UNIXPATH (?:/(?:[\w%!$@:.,~-]|\\.)*)+
WINPATH (?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+
PATH %{UNIXPATH}|%{WINPATH}
TTY /dev/(?:pts|tty[pq]?)\w*/?\d+
URIPROTO [A-Za-z]+(?:\+[A-Za-z+]+)?
URIHOST %{IPORHOST}(?::%{POSINT:port})?
URIPATH (?:/[\w$.+!*'(){},~:;=@#%-]*)+
URIPARAM \?[\w$.+!*'|(){},~@#%&/=:;?\[\]-]*
URIPATHPARAM %{URIPATH}%{URIPARAM}?
URI %{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?%{URIHOST}?%{URIPATHPARAM}?

MONTHSHORT Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec
MONTHLONG January|February|March|April|June|July|August|September|October|November|December
MONTH \b(?:%{MONTHLONG}|%{MONTHSHORT})\b
MONTHNUM 1[0-2]|0?[1-9]
MONTHNUM2 0[1-9]|1[0-2]
MONTHDAY 3[01]|[12]\d|0?[1-9]
DAY (?:Mon|Fri|Sun)(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Sat(?:urday)?
YEAR \d\d(?:\d\d)?
HOUR 2[0-3]|[01]?\d
MINUTE [0-5]\d
SECOND (?:60|[0-5]?\d)(?:[:.,]\d+)?
TIME (?<!\d)%{HOUR}:%{MINUTE}:%{SECOND}(?!\d)
DATE_US %{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}
DATE_EU %{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}
DATESTAMP_US %{DATE_US}[- ]%{TIME}
DATESTAMP_EU %{DATE_EU}[- ]%{TIME}
ISO8601_TIMEZONE Z|[+-]%{HOUR}(?::?%{MINUTE})
ISO8601_SECOND %{SECOND}
TIMESTAMP_ISO8601 %{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?
TZ [PMCE][SD]T|UTC
DATESTAMP_RFC822 %{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}
DATESTAMP_RFC2822 %{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}
DATESTAMP_OTHER %{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}
DATESTAMP_EVENTLOG %{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}
CISCOTIMESTAMP %{MONTH} %{MONTHDAY} %{TIME}
HTTPDATE %{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}

SYSLOGTIMESTAMP %{MONTH} +%{MONTHDAY} %{TIME}
PROG [\w./%-]+
SYSLOGPROG %{PROG:program}(?:\[%{POSINT:pid}\])?
SYSLOGHOST %{IPORHOST}
SYSLOGFACILITY <%{NONNEGINT:facility}\.%{NONNEGINT:priority}>
SYSLOGBASE %{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:
MESSAGESLOG %{SYSLOGBASE} %{DATA}
REQUESTLINE %{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest}
APACHECLIENT %{IPORHOST:clientip} %{USER:ident} %{USER:auth}
COMMONAPACHELOG %{APACHECLIENT} \[%{HTTPDATE:timestamp}\] "%{REQUESTLINE}" %{NUMBER:response} %{APACHEBYTES}
APACHEBYTES %{NUMBER:bytes}|-
COMBINEDAPACHELOG %{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}

LOGLEVEL (?i)alert|trace|debug|notice|info|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?
"""
"""A pattern a line, in the form of a classifier's CustomPatterns."""
