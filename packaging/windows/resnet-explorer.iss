; Inno Setup 6: packs the folder that PyInstaller made, adds the Start menu's entry and opens .rnx; see ../README.md.
;   iscc /DVersion=... packaging\windows\resnet-explorer.iss
#define Name "ResNet Explorer"
#define Folder "..\..\dist\resnet-explorer"

[Setup]
AppId=org.resnet_explorer.resnet_explorer
AppName={#Name}
AppVersion={#Version}
AppPublisher=The ResNet Explorer authors
LicenseFile=..\..\LICENSE
DefaultDirName={autopf}\{#Name}
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesAssociations=yes
UninstallDisplayIcon={app}\{#Name}.exe
OutputBaseFilename=resnet-explorer-{#Version}-windows
OutputDir=..\..\dist
SolidCompression=yes

[Files]
Source: "{#Folder}\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{autoprograms}\{#Name}"; Filename: "{app}\{#Name}.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.rnx"; ValueType: string; ValueData: "ResNetExplorer.Session"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\ResNetExplorer.Session"; ValueType: string; ValueData: "{#Name} session"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\ResNetExplorer.Session\DefaultIcon"; ValueType: string; ValueData: "{app}\{#Name}.exe,0"
Root: HKA; Subkey: "Software\Classes\ResNetExplorer.Session\shell\open\command"; ValueType: string; ValueData: """{app}\{#Name}.exe"" ""%1"""
