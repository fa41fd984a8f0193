// As in the driver itself.
global using Flyscan.Hardware.PandA.Driver;
global using Flyscan.Hardware.PandA.Programmes;
global using Flyscan.Hardware.PandA.Protocol;
