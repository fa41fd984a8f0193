// The folders of this driver are parts of one thing; each sees the others.
global using Flyscan.Hardware.PandA.Capture;
global using Flyscan.Hardware.PandA.Driver;
global using Flyscan.Hardware.PandA.Programmes;
global using Flyscan.Hardware.PandA.Protocol;
